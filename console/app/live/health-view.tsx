/** Health. */
export function View() {
  return <h1>Health</h1>
}
