import StrictJSON

/// Text to ids with one tokenizer on one thread: the tokenizer's tables, a cache and scratch memory of its own (17 MB, of
/// which only what is used becomes resident).
package final class Encoder {
  package let tokenizer: Tokenizer

  // What every text needs of the tokenizer, as plain values and pointers, valid as long as it is held: to ask itself for its parts would
  // count references to them for every text, and threads would contend for the counts.
  private let pipeline: TextPipeline
  private let classes: UnsafePointer<UInt8>
  private let passesBytesThrough: Bool
  private let plainSieve: AddedTokenMatcher.Sieve?
  private let normalizedSieve: AddedTokenMatcher.Sieve?

  private let cache: PreTokenCache
  private let merger: PreTokenMerger
  /// Tokens not yet handed to the caller: `chunk` holds `chunkCapacity`, and room behind them for one look-up more.
  private let chunk: UnsafeMutablePointer<TokenID>
  private static let chunkCapacity = 4096
  /// Ends of pre-tokens that are not yet looked up.
  private let ends: UnsafeMutablePointer<Int>
  private static let endsCapacity = 512

  /// - Parameter isForMuchText: whether it is worth a millisecond to have its memory ready, which is 8 MB at least then.
  package init(_ tokenizer: Tokenizer, isForMuchText: Bool = false) {
    cache = PreTokenCache(isResident: isForMuchText)
    self.tokenizer = tokenizer
    pipeline = tokenizer.pipeline
    classes = tokenizer.classes.table.base
    passesBytesThrough = tokenizer.passesBytesThrough
    plainSieve = tokenizer.plainMatcher?.sieve
    normalizedSieve = tokenizer.normalizedMatcher?.sieve
    merger = PreTokenMerger(tokenizer.merges, byteTokens: tokenizer.byteTokens)
    chunk = .allocate(capacity: Self.chunkCapacity + PreTokenCache.mostTokens)
    ends = .allocate(capacity: Self.endsCapacity + 4)
  }

  deinit {
    cache.deallocate()
    merger.deallocate()
    chunk.deallocate()
    ends.deallocate()
  }

  package func encode(_ text: String, addingSpecialTokens: Bool = false, into ids: inout [TokenID]) {
    var text = text
    text.withUTF8 { encode($0, addingSpecialTokens: addingSpecialTokens, into: &ids) }
  }

  /// Appends the ids of a text. What is no UTF-8 is mended as `Tokenizer` says.
  package func encode(_ text: UnsafeBufferPointer<UInt8>, addingSpecialTokens: Bool = false, into ids: inout [TokenID]) {
    if addingSpecialTokens { ids.append(contentsOf: tokenizer.template.before) }
    if !passesBytesThrough, UTF8Check.firstInvalidByte(in: text) != nil {
      var mended = String(decoding: text, as: UTF8.self)
      mended.withUTF8 { encodeWellFormed($0, into: &ids) }
    } else {
      encodeWellFormed(text, into: &ids)
    }
    if addingSpecialTokens { ids.append(contentsOf: tokenizer.template.after) }
  }

  private func encodeWellFormed(_ text: UnsafeBufferPointer<UInt8>, into ids: inout [TokenID]) {
    guard plainSieve?.mayHold(text) ?? false, let matcher = tokenizer.plainMatcher else { return encodeUnnormalized(text, into: &ids) }
    matcher.split(text) { piece in
      switch piece {
      case .token(let id): ids.append(id)
      case .text(let range): encodeUnnormalized(UnsafeBufferPointer(rebasing: text[range]), into: &ids)
      }
    }
  }

  private func encodeUnnormalized(_ text: UnsafeBufferPointer<UInt8>, into ids: inout [TokenID]) {
    if pipeline.composes, let normalized = tokenizer.normalizer?.normalized(text) {
      normalized.withUnsafeBufferPointer { encodeNormalized($0, into: &ids) }
    } else {
      encodeNormalized(text, into: &ids)
    }
  }

  private func encodeNormalized(_ text: UnsafeBufferPointer<UInt8>, into ids: inout [TokenID]) {
    guard normalizedSieve?.mayHold(text) ?? false, let matcher = tokenizer.normalizedMatcher else { return encodePiece(text, into: &ids) }
    matcher.split(text) { piece in
      switch piece {
      case .token(let id): ids.append(id)
      case .text(let range): encodePiece(UnsafeBufferPointer(rebasing: text[range]), into: &ids)
      }
    }
  }

  private func encodePiece(_ text: UnsafeBufferPointer<UInt8>, into ids: inout [TokenID]) {
    guard let base = text.baseAddress, text.count > 0 else { return }
    if pipeline.addsPrefixSpace, base[0] != 0x20 {
      let spaced = [0x20] + Array(text)
      spaced.withUnsafeBufferPointer { split($0, into: &ids) }
    } else {
      split(text, into: &ids)
    }
  }

  private func split(_ text: UnsafeBufferPointer<UInt8>, into ids: inout [TokenID]) {
    if pipeline.digits == .none { return scan(text, 0..<text.count, pipeline.pattern, into: &ids) }
    DigitSplitter.split(text, individually: pipeline.digits == .individual) { scan(text, $0, pipeline.pattern, into: &ids) }
  }

  private func scan(_ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ pattern: PreTokenPattern, into ids: inout [TokenID]) {
    switch pattern {
    case .gpt2: scan(text, range, GPT2Scanner.self, into: &ids)
    case .llama3: scan(text, range, Llama3Scanner.self, into: &ids)
    case .qwen2: scan(text, range, Qwen2Scanner.self, into: &ids)
    case .none where tokenizer.merges.count == 0: ids.append(contentsOf: text[range].lazy.map { self.tokenizer.byteTokens.base[Int($0)] })
    case .none: scan(text, range, WholePieceScanner.self, into: &ids)
    }
  }

  /// The hot loops: first the ends of some hundred pre-tokens, then their look-ups. Apart, because the processor can have
  /// many look-ups under way at once where nothing between them is hard to predict.
  @inline(__always)
  private func scan<Scanner: PreTokenScanner>(
    _ buffer: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _: Scanner.Type, into ids: inout [TokenID]
  ) {
    guard let base = buffer.baseAddress else { return }
    let text = ScanText(base, end: range.upperBound, readableEnd: buffer.count, classes: classes)
    var start = range.lowerBound
    while start < text.end {
      let count = Scanner.findEnds(from: start, in: text, into: ends, capacity: Self.endsCapacity)
      lookUp(base, from: start, count, readableEnd: text.readableEnd, into: &ids)
      start = ends[count &- 1]
    }
  }

  private func lookUp(_ base: UnsafePointer<UInt8>, from first: Int, _ count: Int, readableEnd: Int, into ids: inout [TokenID]) {
    let (cache, chunk, ends, masks) = (self.cache, self.chunk, self.ends, PreTokenCache.masks.base)
    var pending = 0
    var start = first
    for index in 0..<count {
      let end = ends[index]
      let length = end &- start
      let pointer = base + start
      if let key = PreTokenCache.TinyKey(pointer, count: length, isReadable: start &+ 8 <= readableEnd, masks: masks) {
        if let found = cache.tokens(of: key, into: chunk + pending) {
          pending &+= found
        } else {
          pending &+= encodeTiny(pointer, length, key, chunk + pending)
        }
      } else if length < 16 {
        let key = PreTokenCache.ShortKey(pointer, count: length, isReadable: start &+ 16 <= readableEnd, masks: masks)
        if let found = cache.tokens(of: key, into: chunk + pending) {
          pending &+= found
        } else {
          pending &+= encodeShort(pointer, length, key, chunk + pending)
        }
      } else {
        pending = encodeLong(pointer, length, pending, &ids)
      }
      if pending >= Self.chunkCapacity { flush(&pending, into: &ids) }
      start = end
    }
    flush(&pending, into: &ids)
  }

  private func flush(_ pending: inout Int, into ids: inout [TokenID]) {
    ids.append(contentsOf: UnsafeBufferPointer(start: chunk, count: pending))
    pending = 0
  }
}

// Pre-tokens that the cache does not know.
extension Encoder {
  /// Up to 8 bytes: writes the tokens to `tokens` and remembers them.
  @inline(never)
  private func encodeTiny(
    _ bytes: UnsafePointer<UInt8>, _ count: Int, _ key: PreTokenCache.TinyKey, _ tokens: UnsafeMutablePointer<TokenID>
  ) -> Int {
    let tokenCount = merge(bytes, count, into: tokens)
    cache.insert(key, tokens, count: tokenCount)
    return tokenCount
  }

  /// Up to 15 bytes: writes the tokens to `tokens` and remembers them.
  @inline(never)
  private func encodeShort(
    _ bytes: UnsafePointer<UInt8>, _ count: Int, _ key: PreTokenCache.ShortKey, _ tokens: UnsafeMutablePointer<TokenID>
  ) -> Int {
    let tokenCount = merge(bytes, count, into: tokens)
    cache.insert(key, tokens, count: tokenCount)
    return tokenCount
  }

  /// 16 bytes and more: writes the tokens behind the `pending` ones, or, where they may not fit, straight to the caller.
  @inline(never)
  private func encodeLong(_ bytes: UnsafePointer<UInt8>, _ count: Int, _ pending: Int, _ ids: inout [TokenID]) -> Int {
    if count > PreTokenCache.longestKey {
      var pending = pending
      flush(&pending, into: &ids)
      withUnsafeTemporaryAllocation(of: TokenID.self, capacity: count) { scratch in
        guard let tokens = scratch.baseAddress else { return }
        ids.append(contentsOf: UnsafeBufferPointer(start: tokens, count: merge(bytes, count, into: tokens)))
      }
      return 0
    }
    let tokens = chunk + pending
    let hash = PreTokenCache.hash(bytes, count: count)
    if let known = cache.tokens(of: bytes, count: count, hash: hash, into: tokens) { return pending + known }
    let tokenCount = merge(bytes, count, into: tokens)
    cache.insert(bytes, count: count, hash: hash, tokens, tokenCount: tokenCount)
    return pending + tokenCount
  }

  private func merge(_ bytes: UnsafePointer<UInt8>, _ count: Int, into tokens: UnsafeMutablePointer<TokenID>) -> Int {
    if tokenizer.ignoresMerges, let id = tokenizer.vocabulary.id(ofModelToken: UnsafeBufferPointer(start: bytes, count: count)) {
      tokens[0] = id
      return 1
    }
    return merger.merge(bytes, count: count, into: tokens)
  }
}
