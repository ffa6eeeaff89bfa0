/** Overview. */
export function View() {
  return <h1>Overview</h1>
}
