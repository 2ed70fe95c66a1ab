/// The number of a token in its vocabulary: the row of the model's embedding table.
package typealias TokenID = UInt32
