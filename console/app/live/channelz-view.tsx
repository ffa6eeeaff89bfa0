/** Channelz. */
export function View() {
  return <h1>Channelz</h1>
}
