/** A saved call in a list: its method, which opens it, and its first message. */
import { useState } from 'preact/hooks'
import type { SavedCall } from '../contracts/saved-call.ts'
import { Badge } from '../parts/badge.tsx'
import { countOf } from '../parts/format.ts'
import { api } from '../session/facts.ts'
import { openCall } from './open-call.ts'

const MAX_PREVIEW_LENGTH = 160

/** What is shown. */
export interface CallSummaryProps {
  readonly call: SavedCall
  /** Default: the name of the method. */
  readonly name?: string
}

/** Draws the call. */
export function CallSummary({ call, name }: CallSummaryProps) {
  const [service = '', method = ''] = call.method.split('/')
  const [fault, setFault] = useState('')
  const open = () => openCall(call).catch((error) => setFault(String(error.message)))
  const isKnown = api.value === null || api.value.methodOf(call.method) !== undefined
  return (
    <div class="saved-call">
      <div class="row is-tight">
        <button type="button" class="saved-open" dir="auto" disabled={!isKnown} onClick={open}>
          {name ?? method}
        </button>
        {!isKnown && (
          <Badge tone="warn" title="This API has no such method">
            not in this API
          </Badge>
        )}
        {fault !== '' && <span class="fault">{fault}</span>}
      </div>
      <p class="saved-method small soft wrap">
        {service}
        {name !== undefined && `/${method}`} <span class="saved-protocol">{call.protocol}</span>
      </p>
      <p class="saved-preview mono" dir="auto">
        {previewOf(call)}
      </p>
    </div>
  )
}

function previewOf({ messages }: SavedCall): string {
  const [first = ''] = messages
  const line = first.replace(/\s+/g, ' ')
  const text = line.length > MAX_PREVIEW_LENGTH ? `${line.slice(0, MAX_PREVIEW_LENGTH)}…` : line
  const others = messages.length - 1
  return others > 0 ? `${text} and ${countOf(others, 'more message', 'more messages')}` : text
}
