import CDNNL
import CKernels

/// One of oneDNN's products C (m, n) = A (m, k) B (k, n) or C += A B with bf16 operands and an f32 result, made once for its shape.
///
/// oneDNN compiles the code for a shape, for AMX, AVX-512 bf16 or less, as the processor has it; a product that exists costs some
/// microseconds to start. It has two ways for these products: one in blocks, for which B is to be packed, and its plain one (gemm),
/// which takes both operands as they lie. Which is the quicker one is the processor's matter: see `Way`.
final class BFloat16Product {
  /// Measured in GFLOP/s. Two Zen 5 cores, no AMX, 1024×2048×384: in blocks 806 to 827 with B packed and 750 without, a weight's gradient
  /// 510 to 680, that of a head of 50,257 tokens 250 to 420; plain 845 to 881, 700 to 790 and 650 to 690. Two cores with AMX: in blocks
  /// 2,220 to 2,300 with B packed, 1,560 to 1,725 without.
  enum Way: Hashable {
    case blocked, plain

    /// oneDNN's plain product in bf16 is for AVX-512 and more. The choice hangs on the processor alone: same machine, same bits.
    static func chosen(on features: CPUFeatures) -> Way {
      features.contains([.avx512f, .avx512bw]) && features.isDisjoint(with: [.amxTile, .amxBF16]) ? .plain : .blocked
    }
  }

  struct Shape: Hashable {
    let m, n, k: Int
    /// Distances in elements from row to row and from column to column.
    let stridesA: [Int]
    /// Nil for B packed in whatever order oneDNN likes best; not so where the way is plain.
    let stridesB: [Int]?
    /// From row to row of C.
    let strideC: Int
    let accumulates: Bool
    /// oneDNN plans a product for a number of threads.
    let threads: Int
    let way: Way
  }

  // oneDNN's engine has no state that changes and is made for use from many threads.
  nonisolated(unsafe) private static let engine: OpaquePointer = make { dnnl_engine_create($0, dnnl_cpu, 0) }

  /// DNNL_RUNTIME_DIM_VAL, a macro that Swift does not see.
  private static let open = Int.min

  private let primitive: OpaquePointer
  private let stream: OpaquePointer
  private let a: OpaquePointer
  private let b: OpaquePointer
  private let c: OpaquePointer
  /// How B is to lie.
  let layoutB: dnnl_memory_desc_t

  init(_ shape: Shape) {
    ck_set_product_threads(Int32(shape.threads))
    // A plan that leaves the number of rows open is one that the products in blocks do not take: oneDNN asks its plain one then.
    let planned = shape.way == .plain ? Self.open : shape.m
    var a = Self.layout(planned, shape.k, shape.stridesA, dnnl_bf16)
    var b = dnnl_memory_desc_t()
    if let strides = shape.stridesB {
      b = Self.layout(shape.k, shape.n, strides, dnnl_bf16)
    } else {
      Self.check(dnnl_memory_desc_init_by_tag(&b, 2, [dnnl_dim_t(shape.k), dnnl_dim_t(shape.n)], dnnl_bf16, dnnl_format_tag_any), "layout")
    }
    var c = Self.layout(planned, shape.n, [shape.strideC, 1], dnnl_f32)
    var description = dnnl_matmul_desc_t()
    Self.check(dnnl_matmul_desc_init(&description, &a, &b, nil, &c), "product \(shape)")
    let attributes = Self.make { dnnl_primitive_attr_create($0) }
    defer { dnnl_primitive_attr_destroy(attributes) }
    if shape.accumulates {
      let operations = Self.make { dnnl_post_ops_create($0) }
      Self.check(dnnl_post_ops_append_sum(operations, 1), "sum")
      Self.check(dnnl_primitive_attr_set_post_ops(attributes, operations), "sum")
      dnnl_post_ops_destroy(operations)
    }
    let plan = Self.make { dnnl_primitive_desc_create($0, &description, attributes, Self.engine, nil) }
    defer { dnnl_primitive_desc_destroy(plan) }
    guard let chosen = dnnl_primitive_desc_query_md(plan, dnnl_query_weights_md, 0) else {
      preconditionFailure("oneDNN does not say how it wants \(shape)")
    }
    layoutB = chosen.pointee
    b = chosen.pointee
    primitive = Self.make { dnnl_primitive_create($0, plan) }
    stream = Self.make { dnnl_stream_create($0, Self.engine, dnnl_stream_default_flags.rawValue) }
    a = Self.layout(shape.m, shape.k, shape.stridesA, dnnl_bf16)
    c = Self.layout(shape.m, shape.n, [shape.strideC, 1], dnnl_f32)
    self.a = Self.memory(&a)
    self.b = Self.memory(&b)
    self.c = Self.memory(&c)
  }

  deinit {
    for memory in [a, b, c] { dnnl_memory_destroy(memory) }
    dnnl_stream_destroy(stream)
    dnnl_primitive_destroy(primitive)
  }

  /// `b` lies as `layoutB` says.
  func run(_ c: UnsafeMutablePointer<Float>, _ a: UnsafePointer<UInt16>, _ b: UnsafeRawPointer, threads: Int) {
    ck_set_product_threads(Int32(threads))
    Self.check(dnnl_memory_set_data_handle(self.a, UnsafeMutableRawPointer(mutating: a)), "operand")
    Self.check(dnnl_memory_set_data_handle(self.b, UnsafeMutableRawPointer(mutating: b)), "operand")
    Self.check(dnnl_memory_set_data_handle(self.c, c), "result")
    execute(primitive, [(DNNL_ARG_SRC, self.a), (DNNL_ARG_WEIGHTS, self.b), (DNNL_ARG_DST, self.c)])
  }

  /// Bytes of B in its layout.
  var byteCountB: Int {
    var layout = layoutB
    return dnnl_memory_desc_get_size(&layout)
  }

  /// Rounds B from f32 (k, n) at the given strides into its layout.
  func pack(_ packed: UnsafeMutableRawPointer, _ weight: UnsafePointer<Float>, k: Int, n: Int, strides: [Int], threads: Int) {
    ck_set_product_threads(Int32(threads))
    var from = Self.layout(k, n, strides, dnnl_f32), to = layoutB
    let plan = Self.make { dnnl_reorder_primitive_desc_create($0, &from, Self.engine, &to, Self.engine, nil) }
    defer { dnnl_primitive_desc_destroy(plan) }
    let reorder = Self.make { dnnl_primitive_create($0, plan) }
    defer { dnnl_primitive_destroy(reorder) }
    let source = Self.memory(&from), target = Self.memory(&to)
    defer { for memory in [source, target] { dnnl_memory_destroy(memory) } }
    Self.check(dnnl_memory_set_data_handle(source, UnsafeMutableRawPointer(mutating: weight)), "weight")
    Self.check(dnnl_memory_set_data_handle(target, packed), "packed weight")
    execute(reorder, [(DNNL_ARG_FROM, source), (DNNL_ARG_TO, target)])
  }

  private func execute(_ primitive: OpaquePointer, _ arguments: [(Int32, OpaquePointer)]) {
    let arguments = arguments.map { dnnl_exec_arg_t(arg: $0.0, memory: $0.1) }
    Self.check(dnnl_primitive_execute(primitive, stream, Int32(arguments.count), arguments), "product")
    Self.check(dnnl_stream_wait(stream), "product")
  }

  private static func layout(_ rows: Int, _ columns: Int, _ strides: [Int], _ type: dnnl_data_type_t) -> dnnl_memory_desc_t {
    var layout = dnnl_memory_desc_t()
    check(
      dnnl_memory_desc_init_by_strides(&layout, 2, [dnnl_dim_t(rows), dnnl_dim_t(columns)], type, strides.map { dnnl_dim_t($0) }), "layout")
    return layout
  }

  private static func memory(_ layout: inout dnnl_memory_desc_t) -> OpaquePointer {
    make { dnnl_memory_create($0, &layout, engine, nil) }
  }

  private static func make(_ body: (UnsafeMutablePointer<OpaquePointer?>) -> dnnl_status_t) -> OpaquePointer {
    var made: OpaquePointer?
    check(body(&made), "object")
    guard let made else { preconditionFailure("oneDNN made nothing") }
    return made
  }

  /// Sizes and strides are ours, so a refusal is a mistake in this program and no input's fault.
  private static func check(_ status: dnnl_status_t, _ what: @autoclosure () -> String) {
    precondition(status == dnnl_success, "oneDNN refused: \(what()), status \(status.rawValue)")
  }
}
