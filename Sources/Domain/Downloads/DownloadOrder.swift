/// What the agent tells a worker that downloads: `order.json` in the errand's folder. Tokens never stand in it: the worker finds its
/// own, where the environment or the file says.
package struct DownloadOrder: Codable, Sendable, Equatable {
  package var schema = "dropforge.download-order/1"
  package var wish: DownloadWish
  /// Absolute path of the errand's folder: plan, parts and files go there (`DownloadLayout`).
  package var folder: String
  /// Where the Hub is; nil: what `HF_ENDPOINT` says, else huggingface.co.
  package var endpoint: String?
  /// Absolute path of a file with a token; nil: what the environment says.
  package var tokenFile: String?
  /// Requests that are under way at the same time.
  package var connections: Int
  /// Bytes of the disk that stay free.
  package var reservedBytes: Int
  /// The Python that is to read Parquet and Arrow; nil: whatever the system calls python3.
  package var python: String?
  /// Hours that a download may take.
  package var hours: Double
  /// When it began, in whatever worker: its `max_seconds` count from there. nil: it begins now.
  package var startedAt: Timestamp?

  enum CodingKeys: String, CodingKey {
    case schema, wish, folder, endpoint, connections, python, hours
    case tokenFile = "token_file"
    case reservedBytes = "reserved_bytes"
    case startedAt = "started_at"
  }

  package init(
    wish: DownloadWish, folder: String, endpoint: String? = nil, tokenFile: String? = nil, connections: Int = 8, reservedBytes: Int = 0,
    python: String? = nil, hours: Double = 48, startedAt: Timestamp? = nil
  ) {
    self.wish = wish
    self.folder = folder
    self.endpoint = endpoint
    self.tokenFile = tokenFile
    self.connections = connections
    self.reservedBytes = reservedBytes
    self.python = python
    self.hours = hours
    self.startedAt = startedAt
  }
}
