/** The one error of HPACK: a block or an instruction that cannot be decoded (RFC 7541). */

/**
 * Thrown by {@link HpackDecoder.decode} for whatever RFC 7541 calls a decoding error. The dynamic table is out of step
 * from then on, so the session answers with a connection error COMPRESSION_ERROR (RFC 9113 section 4.3) and drops the decoder.
 * The message names the fault and quotes nothing of the peer's octets.
 */
export class HpackError extends Error {
  override readonly name = 'HpackError'
}
