/// What the worker is told of a dataset to tokenize: `order.json` in the errand's folder. The tokens go into the dataset's folder.
package struct TokenizeOrder: Codable, Sendable, Equatable {
  package var schema = "dropforge.tokenize-order/1"
  package var dataset: TrainOrder.DatasetPin
  /// Absolute path of the folder whose tokenizer is used; nil: bytes.
  package var tokenizer: String?
  /// The config of a job that would need the same tokens, resolved, as JSON text.
  package var configuration: String
  package var threads: Int

  package init(dataset: TrainOrder.DatasetPin, tokenizer: String?, configuration: String, threads: Int) {
    self.dataset = dataset
    self.tokenizer = tokenizer
    self.configuration = configuration
    self.threads = threads
  }
}

/// What the worker says of it: `result.json` in the errand's folder.
package struct TokenizeResult: Codable, Sendable, Equatable {
  package var schema = "dropforge.tokenize-result/1"
  /// Of the tokenization.
  package var id: String
  /// It was there already.
  package var wasThere: Bool

  enum CodingKeys: String, CodingKey {
    case schema, id
    case wasThere = "was_there"
  }

  package init(id: String, wasThere: Bool) {
    self.id = id
    self.wasThere = wasThere
  }
}
