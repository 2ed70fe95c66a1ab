import Domain

extension Problem {
  /// A file whose content is none that is read, whatever its name.
  ///
  /// - Parameter name: as the user knows it: for the text and for the commands in it.
  package init(foreign: ContentSignature.Foreign, named name: String) {
    let stem = DroppedFileName(name).stem.split(separator: ".").first.map(String.init) ?? "data"
    let (what, mend): (String, String) =
      switch foreign {
      case .pdf: ("it is a PDF document, not rows of data", "Take the text out (pdftotext '\(name)' '\(stem).txt') and drop that.")
      // Those that are dropped as they are, or in a folder, never come here.
      case .parquet:
        ("it is a Parquet file within another, which is not read", "Unpack it and drop the .parquet itself, or a folder of them.")
      case .arrow, .feather:
        ("it is an Arrow file within another, which is not read", "Unpack it and drop the .arrow itself, or a folder of them.")
      case .oldOffice: ("it is an old Office file, not a text file", "Open it in its program, save it as CSV (UTF-8) and drop that.")
      case .sqlite:
        ("it is an SQLite database", "Export a table and drop that: sqlite3 -csv -header '\(name)' 'SELECT * FROM …' > '\(stem).csv'")
      case .hdf5: ("it is an HDF5 file, which is not read", "Export its rows as CSV or JSON lines and drop those.")
      case .numpy: ("it is a NumPy array, which is not read", "Export its rows as CSV or JSON lines and drop those.")
      case .pickle:
        (
          "it is a Python pickle, which is never read: loading one can run any program",
          "Load it where you trust it, export its rows as CSV or JSON lines and drop those."
        )
      case .gguf: ("it is a GGUF model, not a dataset", "Models belong into inbox/models/, as a Hugging Face folder.")
      case .picture: ("it is a picture, not text", "Drop text: \(DatasetFormat.readableEndings).")
      case .program: ("it is a program, not text", "Drop text: \(DatasetFormat.readableEndings).")
      case .rar: ("it is a RAR archive, which is not read", "Unpack it and drop the files, or a .zip of them.")
      case .lz4: ("it is compressed with LZ4, which is not read", "Unpack it (lz4 -d '\(name)') and drop the result.")
      case .webPage:
        (
          "it is a web page, not data",
          "The download probably saved a log-in or error page: open it in a browser to see, fetch the file itself and drop that."
        )
      case .lfsPointer:
        (
          "it is a Git LFS pointer, not the data itself",
          "Fetch the data in the repository it came from (git lfs pull) and drop the real file."
        )
      }
    self.init("content.\(foreign.rawValue)", what, at: .init(file: name), mend: mend)
  }

  /// A zip that is an Office document: `.xlsx`, `.docx`, `.pptx`.
  package init(officeDocument name: String) {
    self.init(
      "content.office", "it is an Office document, not a text file", at: .init(file: name),
      mend: "Open it in its program, save it as CSV (UTF-8) or as plain text, and drop that.")
  }

  package init(binary name: String, byte: Int) {
    self.init(
      "content.binary", "it is not text: it holds a zero byte", at: .init(file: name, byte: byte),
      why: "rows are read from text in UTF-8 (\(DatasetFormat.readableEndings))",
      mend: "Export the data as CSV or JSON lines and drop that.")
  }
}
