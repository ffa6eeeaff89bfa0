/** Hides secrets in the values of options that are shown. */

/** What is shown in place of a secret. */
export const HIDDEN = '***'

/** The longest value that is shown, in characters. */
const MAX_LENGTH = 1_000

/** Words in the name of an option whose value is a secret, whatever its author says of it. */
const SECRET_WORDS = /^(?:keys?|passphrases?|passwords?|pwd|secrets?|tokens?|credentials?|cookies?|authorization|dsn)$/

/** Words at the end of a name whose value says where a secret is, rather than being one. */
const PLACE_WORDS = /^(?:files?|path|paths|env|uri|url|name|ms|bytes)$/

/** Credentials in a URL (RFC 3986, section 3.2.1). Up to the last `@`, as passwords are often not encoded. */
const USER_INFO = /(\w:\/\/)[^\s]*@/g

/** A secret among parameters: of a query, or of a connection string. */
const PARAMETER =
  /([\w-]*(?:password|passphrase|pwd|secret|token|api[-_]?key|access[-_]?key|signature|credential)[\w-]*\s*=\s*)[^&;,\s]+/gi

/** Returns the value to show for an option. */
export function shownValue(name: string, value: string): string {
  if (value !== '' && namesSecret(name)) return HIDDEN
  const shown = value.replace(USER_INFO, `$1${HIDDEN}@`).replace(PARAMETER, `$1${HIDDEN}`)
  return shown.length > MAX_LENGTH ? `${shown.slice(0, MAX_LENGTH)}...` : shown
}

/** Whether an option is a secret by its name, in lower case with dashes or in camel case. */
function namesSecret(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
  return words.some((word) => SECRET_WORDS.test(word)) && !PLACE_WORDS.test(words.at(-1) ?? '')
}
