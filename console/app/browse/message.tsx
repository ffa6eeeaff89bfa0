/** Message. */
export function View() {
  return <h1>Message</h1>
}
