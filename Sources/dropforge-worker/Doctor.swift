import Kernels
import Platform
import StrictJSON

/// What only the worker knows: it is linked to the libraries for bytes and numbers.
enum Doctor {
  static var report: JSONNode {
    [
      "kernels": JSONNode(.string("\(CPUFeatures.kernelClone) (\(CPUFeatures.detected))")),
      "products": JSONNode(.string(Precision.paths())),
      "oneDNN": JSONNode(.string(CPUFeatures.productLibraryVersion)),
      "threads": JSONNode(.string("\(Machine.processors)")),
    ]
  }
}
