/** The version in package.json; a test compares them. A constant, as a bundled program has no package.json to read. */
export const version = '0.2.0'
