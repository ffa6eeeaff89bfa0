/** Search. */
export function SearchDialog() {
  return null
}
