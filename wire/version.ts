/** The version of this package. */

/**
 * As in package.json, which a test compares it with. A constant, because a bundled program has no package.json to read.
 */
export const version = '0.1.0'
