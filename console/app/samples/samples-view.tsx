/** Samples. */
export function View() {
  return <h1>Samples</h1>
}
