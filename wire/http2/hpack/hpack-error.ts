/** The error for header blocks that cannot be decoded (RFC 7541). */

/**
 * Thrown by {@link HpackDecoder.decode} for a decoding error of RFC 7541. The dynamic table is out of sync from then on, so the session
 * ends the connection with COMPRESSION_ERROR (RFC 9113 section 4.3). The message names the fault and quotes none of the peer's octets.
 */
export class HpackError extends Error {
  override readonly name = 'HpackError'
}
