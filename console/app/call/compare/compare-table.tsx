/** The results of a comparison, one protocol per row. */
import { Badge } from '../../parts/badge.tsx'
import { Disclosure } from '../../parts/disclosure.tsx'
import { formatBytes, formatDuration } from '../../parts/format.ts'
import { hexDump } from '../body/hex-dump.ts'
import { TextBlock } from '../body/text-block.tsx'
import { PROTOCOL_NAMES } from '../protocols/protocol-facts.ts'
import type { ComparedOutcome, ComparedProtocol, Comparison } from './comparison.ts'

/** Draws the table, and below it the bodies. */
export function CompareTable({ comparison }: { comparison: Comparison }) {
  const results = comparison.results.value
  const isRepeated = results.some(({ latency }) => latency !== null)
  return (
    <div class="stack">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section class="table-scroll" aria-label="Comparison" tabIndex={0}>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Protocol</th>
              <th scope="col">Status</th>
              <th scope="col">Response</th>
              <th scope="col" class="is-number">
                Sent
              </th>
              <th scope="col" class="is-number">
                Received
              </th>
              <th scope="col" class="is-number">
                Compressed
              </th>
              {isRepeated ? (
                <LatencyHeads />
              ) : (
                <th scope="col" class="is-number">
                  Time
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {results.map((result) => (
              <Row key={result.protocol} result={result} isRepeated={isRepeated} />
            ))}
          </tbody>
        </table>
      </section>
      <p class="small soft">
        Bodies with their envelopes, as the page sees them; over WebSocket the messages alone. REST may have the request
        in its URL. Compressed: as the response came over the wire, where the browser reports it.
      </p>
      {results.map(
        ({ protocol, outcome }) => outcome !== null && <Bodies key={protocol} protocol={protocol} outcome={outcome} />,
      )}
    </div>
  )
}

const QUANTILES = ['p50', 'p95', 'p99'] as const

function LatencyHeads() {
  return (
    <>
      {QUANTILES.map((name) => (
        <th key={name} scope="col" class="is-number">
          {name}
        </th>
      ))}
    </>
  )
}

function Row({
  result: { protocol, refusal, outcome, latency },
  isRepeated,
}: {
  result: ComparedProtocol
  isRepeated: boolean
}) {
  return (
    <tr>
      <th scope="row">{PROTOCOL_NAMES[protocol]}</th>
      {outcome === null ? (
        <td colSpan={isRepeated ? 8 : 6} class="soft">
          {refusal ?? 'Not called yet'}
        </td>
      ) : (
        <>
          <td>
            <Badge tone={outcome.status.code === 'OK' ? 'good' : 'bad'}>{outcome.status.code}</Badge>
          </td>
          <td>{sameText(outcome)}</td>
          <Cell text={formatBytes(outcome.requestBytes)} />
          <Cell text={formatBytes(outcome.responseBytes)} />
          <Cell text={outcome.encodedBytes === null ? '–' : formatBytes(outcome.encodedBytes)} />
          {isRepeated ? (
            QUANTILES.map((name) => (
              <Cell key={name} text={latency === null ? '–' : formatDuration(latency[`${name}Ms`])} />
            ))
          ) : (
            <Cell text={formatDuration(outcome.durationMs)} />
          )}
        </>
      )}
    </tr>
  )
}

function Cell({ text }: { text: string }) {
  return <td class="is-number">{text}</td>
}

/** Nothing is compared to the first response. */
function sameText({ response, isSame }: ComparedOutcome) {
  if (response === null) return '–'
  if (isSame === null) return 'first'
  return <Badge tone={isSame ? 'good' : 'bad'}>{isSame ? 'same' : 'differs'}</Badge>
}

function Bodies({ protocol, outcome }: { protocol: ComparedProtocol['protocol']; outcome: ComparedOutcome }) {
  const name = PROTOCOL_NAMES[protocol]
  return (
    <Disclosure summary={`Bodies by ${name}`}>
      <div class="stack is-tight">
        <h4>Request</h4>
        <Octets octets={outcome.requestBody} label={`Request by ${name}`} />
        <h4>Response</h4>
        <Octets octets={outcome.responseBody} label={`Response by ${name}`} />
      </div>
    </Disclosure>
  )
}

/** JSON as text, anything else in hex. */
function Octets({ octets, label }: { octets: Uint8Array; label: string }) {
  if (octets.length === 0) return <p class="small soft">There is no body.</p>
  const text = jsonOf(octets)
  return <TextBlock text={text ?? hexDump(octets)} label={label} isOctets={text === null} />
}

function jsonOf(octets: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(octets)
    JSON.parse(text)
    return text
  } catch {
    return null
  }
}
