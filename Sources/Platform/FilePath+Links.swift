import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

extension FilePath {
  /// Where the path leads when every link is followed; itself where it leads nowhere.
  package var resolvingLinks: FilePath {
    guard let resolved = withPlatformString({ realpath($0, nil) }) else { return self }
    defer { free(resolved) }
    return FilePath(String(cString: resolved))
  }
}
