/** The selected entry of a time line, whole. */
import type { TimelineEntry } from '../../contracts/live-call.ts'
import { Button } from '../../parts/button.tsx'
import { formatBytes, formatDuration } from '../../parts/format.ts'
import { MessageBody } from '../body/message-body.tsx'
import { HeaderFields } from '../result/header-fields.tsx'
import type { TimelineTypes } from './timeline-filter.ts'

/** What is shown. */
export interface TimelineDetailsProps {
  readonly entry: TimelineEntry
  readonly types: TimelineTypes
  readonly onClose: () => void
}

/** Draws the details. */
export function TimelineDetails({ entry, types, onClose }: TimelineDetailsProps) {
  return (
    <section class="timeline-details" aria-label="Selected entry">
      <div class="row">
        <h3>{titleOf(entry)}</h3>
        <span class="small soft">at {formatDuration(entry.atMs)}</span>
        <span class="call-spacer" />
        <Button kind="quiet" isSmall icon="close" label="Close the details" onClick={onClose} />
      </div>
      <Content entry={entry} types={types} />
    </section>
  )
}

function titleOf(entry: TimelineEntry): string {
  if (entry.kind === 'message') {
    const which = entry.direction === 'sent' ? 'Sent' : 'Received'
    return `${which} message ${entry.sequence}, ${formatBytes(entry.sizeBytes)}`
  }
  if (entry.kind === 'end') return `Ended with ${entry.status.code}`
  return { headers: 'Headers', trailers: 'Trailers', 'half-close': 'Half-closed' }[entry.kind]
}

function Content({ entry, types: { method, registry } }: Omit<TimelineDetailsProps, 'onClose'>) {
  switch (entry.kind) {
    case 'message': {
      const schema = entry.direction === 'sent' ? method.input : method.output
      return <MessageBody schema={schema} message={entry.message} registry={registry} label="message" />
    }
    case 'headers':
    case 'trailers':
      return <HeaderFields title="Fields" fields={entry.fields} none="There are none." />
    case 'half-close':
      return <p class="small soft">The page told the server that no more messages will be sent.</p>
    case 'end':
      return <p class="wrap">{entry.status.message === '' ? 'Without a message.' : entry.status.message}</p>
  }
}
