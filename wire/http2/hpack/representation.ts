/** The kinds of instructions and strings: the flag bits of their first octet, and the prefix that its other bits are. */

/** The first octet of something that begins with an integer (RFC 7541 section 5.1). */
export interface Prefix {
  /** The bits that tell the kind. */
  readonly flag: number
  /** The bits of the integer, which is also the value that says "more octets follow". */
  readonly mask: number
}

/** A whole field by its index (RFC 7541 section 6.1). */
export const INDEXED: Prefix = { flag: 0x80, mask: 0x7f }
/** A literal that enters the table (section 6.2.1). */
export const INSERTED: Prefix = { flag: 0x40, mask: 0x3f }
/** A new size of the table (section 6.3). */
export const TABLE_SIZE_UPDATE: Prefix = { flag: 0x20, mask: 0x1f }
/** A literal that no hop may put into a table (section 6.2.3). */
export const NEVER_INDEXED: Prefix = { flag: 0x10, mask: 0x0f }
/** A literal that stays out of the table (section 6.2.2). */
export const NOT_INDEXED: Prefix = { flag: 0x00, mask: 0x0f }
/** A string in plain octets (section 5.2). */
export const PLAIN_STRING: Prefix = { flag: 0x00, mask: 0x7f }
/** A string in the Huffman code (section 5.2). */
export const HUFFMAN_STRING: Prefix = { flag: 0x80, mask: 0x7f }
