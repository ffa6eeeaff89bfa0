/** Why a call failed: message, advice, and the details of the error. */

import type { CallStatus, StatusDetail } from '../../contracts/live-call.ts'
import { Button } from '../../parts/button.tsx'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Notice } from '../../parts/notice.tsx'
import { isSignInOpen } from '../../session/sign-in-dialog.ts'
import { hexDump } from '../body/hex-dump.ts'
import { JsonTree } from '../body/json-tree.tsx'
import { TextBlock } from '../body/text-block.tsx'
import type { RunningCall } from '../engine/running-call.ts'
import { useAdvice } from './use-advice.ts'

/** Draws the failure. */
export function Failure({ call, status }: { call: RunningCall; status: CallStatus }) {
  const advice = useAdvice(call, status)
  const offer = advice?.offers === 'sign-in' ? <SignInButton /> : undefined
  return (
    <div class="stack">
      <Notice tone={status.code === 'CANCELLED' ? 'warn' : 'bad'} {...(offer !== undefined && { actions: offer })}>
        <p>
          <strong>{status.code}</strong>
          {status.message !== '' && `: ${status.message}`}
        </p>
        {advice !== null && <p>{advice.text}</p>}
      </Notice>
      {status.details.map((detail, index) => (
        // Details have no identity but their place.
        <Detail key={`${index}`} detail={detail} />
      ))}
    </div>
  )
}

function SignInButton() {
  return (
    <Button
      icon="key"
      onClick={() => {
        isSignInOpen.value = true
      }}
    >
      Sign in
    </Button>
  )
}

function Detail({ detail }: { detail: StatusDetail }) {
  const text = () => (detail.json === null ? hexDump(detail.octets) : JSON.stringify(detail.json, null, 2))
  return (
    <section class="call-detail" aria-label={`Detail ${detail.typeName}`}>
      <div class="row">
        <h3 class="wrap">{detail.typeName}</h3>
        <span class="call-spacer" />
        <CopyButton text={text} label={`Copy ${detail.typeName}`} />
      </div>
      {detail.json === null ? (
        <>
          <p class="small soft">The API does not define this type. Its bytes:</p>
          <TextBlock text={hexDump(detail.octets)} label={`Octets of ${detail.typeName}`} isOctets />
        </>
      ) : (
        <div class="json-tree">
          <JsonTree value={detail.json} />
        </div>
      )}
    </section>
  )
}
