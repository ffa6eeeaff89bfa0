/** Enum. */
export function View() {
  return <h1>Enum</h1>
}
