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

  /// True where syncfs(2) is known to make everything durable. On a network or in user space it may only hand it on.
  static func syncsAsOne(_ path: FilePath) -> Bool {
    name(of: path).map(wholes.contains) ?? false
  }

  private static let wholes: Set<String> = ["ext4", "xfs", "btrfs", "f2fs", "bcachefs", "tmpfs"]

  /// For people: "ext4", "NFS", or the magic number of one that is not known here.
  package static func name(of path: FilePath) -> String? {
    let magic = path.withPlatformString { cl_file_system_type($0) }
    guard magic != -1 else { return nil }
    let number = UInt32(truncatingIfNeeded: magic)
    return names[number] ?? "0x" + String(number, radix: 16)
  }

  private static let names: [UInt32: String] = [
    0xEF53: "ext4", 0x5846_5342: "xfs", 0x9123_683E: "btrfs", 0x2FC1_2FC1: "zfs", 0xF2F5_2010: "f2fs", 0xCA45_1A4E: "bcachefs",
    0x0102_1994: "tmpfs", 0x8584_58F6: "ramfs", 0x794C_7630: "overlayfs", 0x4D44: "vfat", 0x2011_BAB0: "exfat", 0x5346_544E: "ntfs",
    0x6969: "NFS", 0x517B: "SMB", 0xFE53_4D42: "SMB2", 0xFF53_4D42: "CIFS", 0x6573_5546: "FUSE", 0x0102_1997: "9p",
    0x00C3_6400: "Ceph", 0x5346_414F: "AFS", 0x6B41_4653: "AFS", 0x0BD0_0BD0: "Lustre", 0x4750_4653: "GPFS",
  ]
}
