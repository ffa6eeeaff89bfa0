/** History. */
export function View() {
  return <h1>History</h1>
}
