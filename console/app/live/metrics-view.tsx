/** Metrics. */
export function View() {
  return <h1>Metrics</h1>
}
