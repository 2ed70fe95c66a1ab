/// Bytes that come one after another: a file, what a decompressor makes of another source, an entry of an archive.
package protocol ByteSource: AnyObject {
  /// Fills the buffer as far as bytes come: fewer than asked for only at the end, 0 after it.
  ///
  /// The bytes handed out may still be read by another thread, which hashes them. They must stay as they are until the
  /// second `turn()` that follows, or until `settle()`: a reader with two buffers calls `turn()` before it fills one anew.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
  func turn()
  func settle()
}

extension ByteSource {
  /// For sources whose bytes nobody else reads.
  package func turn() {}
  package func settle() {}
}
