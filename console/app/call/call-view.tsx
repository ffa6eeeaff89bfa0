/** Call. */
export function View() {
  return <h1>Call</h1>
}
