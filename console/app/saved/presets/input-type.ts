/** The type of an input whose text may be a secret. */

/** Returns `password` for a secret. The types of Preact have no input that can be either. */
export function inputType(isSecret: boolean): 'text' {
  return (isSecret ? 'password' : 'text') as 'text'
}
