/** The name of a project, and what follows from it. */

/** A valid name, in each of its forms. */
export interface ProjectName {
  /** The npm package, such as `@acme/web-shop`. */
  readonly npm: string
  /** The name without a scope, such as `web-shop`. */
  readonly short: string
  /** The protobuf package without its version, such as `web_shop`. */
  readonly proto: string
}

const MAX_LENGTH = 214
const NPM_NAME = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?([a-z0-9~-][a-z0-9._~-]*)$/
/** npm refuses these as names of packages. */
const RESERVED: ReadonlySet<string> = new Set(['node_modules', 'favicon.ico'])

/**
 * Validates a name by npm's rules for new packages, and derives the name of a protobuf package from it.
 *
 * @param taken names that the project cannot have, because it depends on packages of these names
 * @returns the forms of the name, or a sentence that says what is wrong
 */
export function parseProjectName(name: string, taken: readonly string[] = []): ProjectName | string {
  if (name.length > MAX_LENGTH) return `the project name is ${name.length} characters long: npm allows ${MAX_LENGTH}`
  const invalid = `invalid project name ${JSON.stringify(name)}`
  const short = NPM_NAME.exec(name)?.[1]
  if (short === undefined) {
    return `${invalid}: use lower-case letters, digits, "-", "_" and ".", and begin with a letter or a digit`
  }
  if (RESERVED.has(short)) return `${invalid}: npm reserves it`
  if (taken.includes(name)) return `${invalid}: the project depends on the package of that name`
  const proto = short.replace(/[^a-z0-9]+/g, '_').replace(/^[0-9_]+|_+$/g, '')
  if (proto === '') return `${invalid}: it needs a letter, because the protobuf package is named after it`
  return { npm: name, short, proto }
}
