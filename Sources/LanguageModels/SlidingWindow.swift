import StrictJSON

/// Layers whose queries see only the last few keys: key k of query q where 0 ≤ q − k < width, counted in places of the sequence.
package struct SlidingWindow: Sendable, Equatable {
  package let width: Int
  /// A flag a layer: whether it slides.
  package let layers: [Bool]

  /// As Qwen2 and Qwen3 have it: `sliding_window` counts where `use_sliding_window` is true, for the layers that `layer_types` calls
  /// "sliding_attention"; where that is left out, for the layers from `max_window_layers` on.
  init?(readingQwen fields: ConfigurationFields, layers count: Int) throws(ModelError) {
    let isUsed = try fields.bool("use_sliding_window", default: false)
    let width = try fields.int("sliding_window", default: 4096)
    let first = try fields.int("max_window_layers", default: 28, atLeast: 0)
    let layers = try Self.layerTypes(fields, count) ?? (0..<count).map { isUsed && $0 >= first }
    guard layers.contains(true) else { return nil }
    guard isUsed else {
      throw fields.invalid(
        "layer_types has sliding layers, but use_sliding_window is not true.",
        hint: "Set use_sliding_window to true, or call all layers \"full_attention\".")
    }
    self.init(width: width, layers: layers)
  }

  /// Every layer slides where `sliding_window` is a number: Mistral, Doge.
  init?(readingWidth fields: ConfigurationFields, default width: Int?, layers count: Int) throws(ModelError) {
    let isNull = fields.object["sliding_window"] != nil && !fields.has("sliding_window")
    guard !isNull, width != nil || fields.has("sliding_window") else { return nil }
    self.init(width: try fields.int("sliding_window", default: width ?? 0), layers: [Bool](repeating: true, count: count))
  }

  package init(width: Int, layers: [Bool]) {
    self.width = width
    self.layers = layers
  }

  private static func layerTypes(_ fields: ConfigurationFields, _ count: Int) throws(ModelError) -> [Bool]? {
    guard let node = fields.node("layer_types") else { return nil }
    var slides: [Bool] = []
    for element in node.array ?? [JSONNode(.null)] {
      switch element.string {
      case "full_attention": slides.append(false)
      case "sliding_attention": slides.append(true)
      default:
        throw fields.invalid(
          "layer_types holds \(element.text()), which is not supported.", hint: "Supported: full_attention, sliding_attention.")
      }
    }
    guard slides.count == count else {
      throw fields.invalid("layer_types has \(slides.count) elements; num_hidden_layers is \(count).")
    }
    return slides
  }

  /// The members of config.json as Qwen2 and Qwen3 have them.
  static func qwenMembers(_ window: SlidingWindow?, layers count: Int) -> [(String, JSONNode)] {
    let layers = window?.layers ?? [Bool](repeating: false, count: count)
    return [
      ("use_sliding_window", .bool(window != nil)), ("sliding_window", window.map { .number($0.width) } ?? nil),
      ("max_window_layers", .number(layers.firstIndex(of: true) ?? count)),
      ("layer_types", JSONNode(.array(layers.map { .string($0 ? "sliding_attention" : "full_attention") }))),
    ]
  }
}
