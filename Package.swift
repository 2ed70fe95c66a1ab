// swift-tools-version: 6.2
import PackageDescription

// The house (docs/ARCHITECTURE.md): targets stand here floor by floor, and a target may import only what stands above it
// in this file. `make build` passes --explicit-target-dependency-import-check error, so that an undeclared import fails.

let strict: [SwiftSetting] = [.enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility")]
// Loops over bytes and numbers are 4 to 17 times slower without the optimiser, and `make test` builds once, in debug.
let optimised: [SwiftSetting] = strict + [.unsafeFlags(["-O"], .when(configuration: .debug))]

let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

let package = Package(
  name: "dropforge",
  products: [
    .executable(name: "dropforge", targets: ["dropforge"]),
    .executable(name: "dropforge-worker", targets: ["dropforge-worker"]),
  ],
  dependencies: [
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
  ],
  targets: [
    // Foundation: used on both sides of the wall between the agent and the worker.
    .target(name: "CLinux"),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .target(name: "StrictJSON", swiftSettings: optimised),
    .target(name: "Domain", dependencies: ["StrictJSON", system], swiftSettings: strict),
    .target(name: "Platform", dependencies: ["CLinux", "CCrypto", system], swiftSettings: optimised),

    // Ground, the agent's side: state and processes.
    .target(
      name: "Catalogue", dependencies: ["Domain", "StrictJSON", grdb],
      resources: [
        .embedInCode("Schema/v0001-catalogue.sql"), .embedInCode("Schema/v0002-queue.sql"), .embedInCode("Schema/v0003-evaluations.sql"),
        .embedInCode("Schema/v0004-errands.sql"), .embedInCode("Schema/v0005-sweep-winners.sql"),
        .embedInCode("Schema/v0006-tokenizations.sql"), .embedInCode("Schema/v0007-datasets.sql"),
        .embedInCode("Schema/v0008-origins.sql"),
      ],
      swiftSettings: strict),
    .target(name: "Engines", dependencies: ["Domain", "Platform", subprocess, system], swiftSettings: strict),

    // Ground, the worker's side: bytes and numbers.
    .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
    .systemLibrary(name: "CInflate", pkgConfig: "libisal", providers: [.apt(["libisal-dev"])]),
    .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CDNNL", providers: [.apt(["libdnnl-dev"])]),
    .target(
      name: "CKernels",
      // errno on sqrt would block vectorising (AdamW 52 to 15 GB/s); the default of 256-bit vectors halves the speed of exp.
      cSettings: [.unsafeFlags(["-O3", "-fno-math-errno", "-mprefer-vector-width=512"])],
      linkerSettings: [.linkedLibrary("gomp")]),
    .target(name: "Kernels", dependencies: ["CKernels", "CDNNL"], swiftSettings: optimised),
    .target(
      name: "DatasetFormats", dependencies: ["Domain", "Platform", "StrictJSON", "CArchive", "CInflate", "CYAML", system],
      swiftSettings: optimised),
    .target(name: "Tokenizers", dependencies: ["StrictJSON"], swiftSettings: optimised),
    .target(name: "ChatTemplates", dependencies: ["StrictJSON"], swiftSettings: optimised),
    .target(name: "LanguageModels", dependencies: ["Kernels", "Platform", "StrictJSON", system], swiftSettings: optimised),

    // Rooms, the agent's side. Rooms never import one another; the roof wires them.
    .target(name: "Watching", dependencies: ["Domain", "Platform", logging, system], swiftSettings: strict),
    .target(
      name: "Intake", dependencies: ["Domain", "Platform", "StrictJSON", "Catalogue", "Engines", logging, system], swiftSettings: strict),
    .target(
      name: "Scheduling", dependencies: ["Domain", "Platform", "StrictJSON", "Catalogue", "Engines", logging, system], swiftSettings: strict
    ),
    .target(name: "Reporting", dependencies: ["Domain", "Platform", "StrictJSON", system], swiftSettings: strict),

    // Rooms, the worker's side.
    .target(name: "Ingestion", dependencies: ["Domain", "Platform", "StrictJSON", "DatasetFormats", system], swiftSettings: optimised),
    .target(name: "Hub", dependencies: ["Domain", "Platform", "StrictJSON", "CCurl", "CCrypto", system], swiftSettings: optimised),
    .target(
      name: "Training",
      dependencies: [
        "Domain", "Platform", "StrictJSON", "DatasetFormats", "Tokenizers", "ChatTemplates", "LanguageModels", "Kernels", system,
      ],
      swiftSettings: optimised),

    // Roof: two programs.
    .executableTarget(
      name: "dropforge",
      dependencies: [
        "Domain", "Platform", "StrictJSON", "Catalogue", "Engines", "Watching", "Intake", "Scheduling", "Reporting",
        argumentParser, lifecycle, logging, signals, subprocess, system,
      ], swiftSettings: strict),
    .executableTarget(
      name: "dropforge-worker",
      dependencies: ["Domain", "Platform", "StrictJSON", "Kernels", "Hub", "Ingestion", "Training", system], swiftSettings: strict),

    // Benchmarks: measured by hand, never in a test (Benchmarks/RESULTS.md).
    .executableTarget(
      name: "bench-ingest", dependencies: ["Domain", "Platform", "CLinux", "CArchive", system], path: "Benchmarks/ingest",
      swiftSettings: strict),
    .executableTarget(
      name: "dropforge-bench",
      dependencies: [
        "Domain", "Platform", "StrictJSON", "Tokenizers", "LanguageModels", "Kernels", "Ingestion", "Training", subprocess, system,
      ],
      path: "Benchmarks/dropforge-bench", swiftSettings: optimised),

    // Tests.
    .target(
      name: "TestSupport",
      dependencies: ["Domain", "Platform", "StrictJSON", "Catalogue", "Engines", "CArchive", logging, subprocess, system],
      path: "Tests/TestSupport", swiftSettings: strict),
    .target(name: "HubMock", dependencies: ["Platform", "StrictJSON", "CCrypto", system], path: "Tests/HubMock", swiftSettings: optimised),
    .executableTarget(
      name: "hub-mock", dependencies: ["HubMock", "Platform", "StrictJSON", system], path: "Tests/HubMockProgram", swiftSettings: strict),
    .testTarget(name: "StrictJSONTests", dependencies: ["StrictJSON", "TestSupport", system], swiftSettings: strict),
    .testTarget(name: "DomainTests", dependencies: ["Domain", "Platform", "StrictJSON", "TestSupport", system], swiftSettings: strict),
    .testTarget(name: "PlatformTests", dependencies: ["Platform", "TestSupport", system], swiftSettings: strict),
    .testTarget(
      name: "CatalogueTests", dependencies: ["Catalogue", "Domain", "StrictJSON", "TestSupport", grdb, system], swiftSettings: strict),
    .testTarget(name: "EnginesTests", dependencies: ["Engines", "Domain", "Platform", "TestSupport", system], swiftSettings: strict),
    .testTarget(name: "KernelsTests", dependencies: ["Kernels", "TestSupport"], swiftSettings: optimised),
    .testTarget(
      name: "DatasetFormatsTests", dependencies: ["DatasetFormats", "Domain", "Platform", "StrictJSON", "TestSupport", system],
      swiftSettings: strict),
    .testTarget(name: "TokenizersTests", dependencies: ["Tokenizers", "StrictJSON", "TestSupport", system], swiftSettings: strict),
    .testTarget(
      name: "ChatTemplatesTests", dependencies: ["ChatTemplates", "Tokenizers", "StrictJSON", "TestSupport", system], swiftSettings: strict),
    .testTarget(
      name: "LanguageModelsTests", dependencies: ["LanguageModels", "Kernels", "StrictJSON", system], swiftSettings: optimised),
    .testTarget(
      name: "GoldenTests", dependencies: ["LanguageModels", "Kernels", "StrictJSON", "TestSupport", system], swiftSettings: optimised),
    .testTarget(
      name: "WatchingTests", dependencies: ["Watching", "Domain", "Platform", "TestSupport", logging, system], swiftSettings: strict),
    .testTarget(
      name: "IntakeTests",
      dependencies: [
        "Intake", "Watching", "Reporting", "Catalogue", "Engines", "Domain", "Platform", "StrictJSON", "TestSupport", logging, system,
      ], swiftSettings: strict),
    .testTarget(
      name: "SchedulingTests",
      dependencies: ["Scheduling", "Catalogue", "Engines", "Domain", "Platform", "StrictJSON", "TestSupport", logging, system],
      swiftSettings: strict),
    .testTarget(
      name: "ReportingTests", dependencies: ["Reporting", "Domain", "Platform", "StrictJSON", "TestSupport", system], swiftSettings: strict),
    .testTarget(
      name: "IngestionTests", dependencies: ["Ingestion", "DatasetFormats", "Domain", "Platform", "StrictJSON", "TestSupport", system],
      swiftSettings: strict),
    .testTarget(
      name: "HubTests", dependencies: ["Hub", "HubMock", "Domain", "Platform", "StrictJSON", "TestSupport", system], swiftSettings: strict),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "Training", "Ingestion", "DatasetFormats", "Tokenizers", "LanguageModels", "Kernels", "Domain", "Platform", "StrictJSON",
        "TestSupport", system,
      ],
      swiftSettings: optimised),
    .testTarget(
      name: "InvariantTests",
      dependencies: ["Training", "Ingestion", "LanguageModels", "Kernels", "Domain", "Platform", "StrictJSON", "TestSupport", system],
      swiftSettings: optimised),
    .testTarget(name: "HouseTests", dependencies: ["TestSupport", "Domain", "StrictJSON", system], swiftSettings: strict),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "TestSupport", "HubMock", "Engines", "Domain", "Platform", "StrictJSON", subprocess, system, "dropforge", "dropforge-worker",
      ],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
