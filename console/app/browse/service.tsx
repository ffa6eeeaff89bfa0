/** Service. */
export function View() {
  return <h1>Service</h1>
}
