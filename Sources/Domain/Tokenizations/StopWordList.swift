/// Languages of which a list of stop words is built in. The words: `Training/Data/StopWords`.
package enum StopWordList: String, WordField, CaseIterable, Codable {
  case english, german, french, spanish, italian, portuguese, dutch, swedish, danish, norwegian, finnish, polish, russian, turkish

  /// ISO 639-1.
  package static var synonyms: [String: StopWordList] {
    [
      "en": .english, "de": .german, "fr": .french, "es": .spanish, "it": .italian, "pt": .portuguese, "nl": .dutch, "sv": .swedish,
      "da": .danish, "no": .norwegian, "nb": .norwegian, "fi": .finnish, "pl": .polish, "ru": .russian, "tr": .turkish,
    ]
  }
}
