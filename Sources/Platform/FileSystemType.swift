import CLinux
import SystemPackage

/// What kind of file system a path lies on, as far as it changes how a folder can be watched.
package enum FileSystemType {
  /// True where another machine, or a program in user space, can change files without this kernel being told: inotify says
  /// nothing of it then, leases prove nothing, and times are another clock's. Magic numbers: statfs(2).
  package static func isRemote(_ path: FilePath) -> Bool {
    let magic = path.withPlatformString { cl_file_system_type($0) }
    return magic != -1 && remote.contains(UInt32(truncatingIfNeeded: magic))
  }

  private static let remote: Set<UInt32> = [
    0x6969,  // NFS
    0x517B, 0xFE53_4D42, 0xFF53_4D42,  // SMB, SMB2, CIFS
    0x6573_5546,  // FUSE, virtiofs, sshfs
    0x0102_1997,  // 9p
    0x00C3_6400,  // Ceph
    0x5346_414F, 0x6B41_4653,  // AFS
    0x0BD0_0BD0, 0x4750_4653,  // Lustre, GPFS
  ]
}
