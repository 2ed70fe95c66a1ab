import CArchive
import Platform
import SystemPackage

/// Where libarchive gets its bytes from.
protocol ArchiveFeed: AnyObject {
  /// What went wrong in a callback; libarchive itself knows only that something did.
  var failure: (any Error)? { get }
  /// Bytes read so far; of a file that can be read anywhere, its size.
  var size: Int { get }
  func attach(to archive: OpaquePointer)
}

/// From start to end: tar, and compressed files.
final class StreamFeed: ArchiveFeed {
  private(set) var failure: (any Error)?
  private(set) var size = 0
  private let source: any ByteSource
  private let buffers = BufferPair(byteCount: 1 << 18)

  init(_ source: any ByteSource) { self.source = source }

  deinit { source.settle() }  // its bytes lie in `buffers`

  func attach(to archive: OpaquePointer) {
    // Unretained, because the reader that owns the archive owns the feed too.
    archive_read_set_callback_data(archive, Unmanaged.passUnretained(self).toOpaque())
    archive_read_set_read_callback(archive) { _, client, block in
      guard let client else { return -1 }
      return Unmanaged<StreamFeed>.fromOpaque(client).takeUnretainedValue().next(&block!.pointee)  // libarchive passes a place for it
    }
  }

  private func next(_ block: inout UnsafeRawPointer?) -> Int {
    do {
      source.turn()
      let buffer = buffers.next()
      let count = try source.read(into: buffer)
      size += count
      block = UnsafeRawPointer(buffer.baseAddress)
      return count
    } catch {
      failure = error
      return -1
    }
  }
}

/// Anywhere in a file: zip and 7z keep their list of contents at the end.
final class SeekingFeed: ArchiveFeed {
  private(set) var failure: (any Error)?
  let size: Int
  private let fileSystem: any FileSystem
  private let file: FileDescriptor
  private let onRead: (Int) -> Void
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)

  init(_ path: FilePath, fileSystem: any FileSystem, onRead: @escaping (Int) -> Void) throws(SystemError) {
    self.fileSystem = fileSystem
    self.onRead = onRead
    file = try fileSystem.open(path, .reading)
    do throws(SystemError) {
      size = try fileSystem.status(of: file).size
    } catch {
      try? fileSystem.close(file)  // the error above is the one to tell
      throw error
    }
  }

  deinit {
    try? fileSystem.close(file)  // opened for reading: there is nothing that closing could lose
    buffer.deallocate()
  }

  func attach(to archive: OpaquePointer) {
    archive_read_set_callback_data(archive, Unmanaged.passUnretained(self).toOpaque())
    archive_read_set_read_callback(archive) { _, client, block in
      guard let client else { return -1 }
      return Unmanaged<SeekingFeed>.fromOpaque(client).takeUnretainedValue().next(&block!.pointee)  // libarchive passes a place for it
    }
    archive_read_set_seek_callback(archive) { _, client, offset, whence in
      guard let client else { return -1 }
      return Unmanaged<SeekingFeed>.fromOpaque(client).takeUnretainedValue().seek(to: Int(offset), whence)
    }
  }

  private var position = 0

  private func next(_ block: inout UnsafeRawPointer?) -> Int {
    do {
      let count = try fileSystem.read(file, into: buffer)
      position += count
      onRead(count)
      block = UnsafeRawPointer(buffer.baseAddress)
      return count
    } catch {
      failure = error
      return -1
    }
  }

  private func seek(to offset: Int, _ whence: Int32) -> Int64 {
    let target =
      switch whence {
      case SEEK_SET: offset
      case SEEK_CUR: position + offset
      default: size + offset
      }
    do {
      try fileSystem.seek(file, to: target)
      position = target
      return Int64(target)
    } catch {
      failure = error
      return -1
    }
  }
}
