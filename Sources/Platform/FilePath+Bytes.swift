import SystemPackage

extension FilePath.Component {
  /// The name as the kernel has it: any bytes but `/` and NUL, not always UTF-8.
  package var bytes: [UInt8] {
    withPlatformString { text in
      var bytes: [UInt8] = []
      var next = text
      while next.pointee != 0 {
        bytes.append(UInt8(bitPattern: next.pointee))
        next += 1
      }
      return bytes
    }
  }

  /// nil for no bytes, and where they hold `/` or NUL.
  package init?(bytes: some Sequence<UInt8>) {
    let text = bytes.map { CInterop.PlatformChar(bitPattern: $0) }
    guard !text.contains(0) else { return nil }
    let component = (text + [0]).withUnsafeBufferPointer { buffer in
      buffer.baseAddress.flatMap { FilePath.Component(platformString: $0) }
    }
    guard let component else { return nil }
    self = component
  }
}
