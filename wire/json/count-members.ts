/** Returns the number of members of all objects in a parsed value. */
export function countMembers(json: unknown): number {
  if (typeof json !== 'object' || json === null) return 0
  let members = 0
  if (Array.isArray(json)) for (let index = 0; index < json.length; index++) members += countMembers(json[index])
  else for (const key of Object.keys(json)) members += 1 + countMembers((json as Record<string, unknown>)[key])
  return members
}
