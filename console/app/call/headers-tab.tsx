/** The tab with the headers and trailers of the response. */
import type { CallSession } from './call-session.ts'
import { HeaderFields } from './result/header-fields.tsx'

/** Draws the tab. */
export function HeadersTab({ session }: { session: CallSession }) {
  const call = session.call.value
  if (call === null) return <p class="soft">There is no call yet.</p>
  const headers = call.headers.value
  const { protocol } = call.init
  const noTrailers =
    protocol === 'rest' ? 'Browsers do not show the trailers of REST.' : 'The response has no trailers.'
  return (
    <div class="stack">
      <HeaderFields title="Headers" fields={headers ?? []} none="No headers have arrived." />
      <HeaderFields title="Trailers" fields={call.trailers.value} none={noTrailers} />
    </div>
  )
}
