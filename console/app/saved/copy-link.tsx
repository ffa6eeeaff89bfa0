/** A button that copies a link to a whole call, without its secrets. */
import { useEffect, useState } from 'preact/hooks'
import type { SavedCall } from '../contracts/saved-call.ts'
import { Button } from '../parts/button.tsx'
import { CopyButton } from '../parts/copy-button.tsx'
import { formatBytes } from '../parts/format.ts'
import { linkTo } from '../route/route.ts'
import { encodeCall, LONG_LINK_LENGTH } from './call-link.ts'

/** Typing changes the call with each key. */
const SETTLE_MS = 200

const LABEL = 'Copy link'

/** Draws the button. Long links have a hint, as some programs cut them off. */
export function CopyLink({ saved, isLabelled = true }: { readonly saved: SavedCall; readonly isLabelled?: boolean }) {
  const link = useCallLink(saved)
  if (link.url === null) {
    return (
      <span class="row is-tight">
        <Button
          kind="quiet"
          isSmall
          icon="copy"
          isDisabled
          {...(isLabelled ? { children: LABEL } : { label: LABEL })}
        />
        {link.fault !== null && <span class="fault">{link.fault}</span>}
      </span>
    )
  }
  const isLong = link.url.length > LONG_LINK_LENGTH
  return (
    <span class="row is-tight">
      <CopyButton text={link.url} label={LABEL} icon="link" isLabelled={isLabelled} />
      {isLong && <span class="hint">{formatBytes(link.url.length)}: some programs cut off links as long as this.</span>}
    </span>
  )
}

/** Returns the URL at which the console shows a call. */
export async function callUrl(saved: SavedCall): Promise<string> {
  const { origin, pathname } = location
  return `${origin}${pathname}${linkTo('method', saved.method, `call=${await encodeCall(saved)}`)}`
}

interface CallLink {
  /** Null while it is made, or if it cannot be. */
  readonly url: string | null
  readonly fault: string | null
}

/** Browsers let a page copy only right after a click, so the link has to be there before. */
function useCallLink(saved: SavedCall): CallLink {
  const [link, setLink] = useState<CallLink>({ url: null, fault: null })
  useEffect(() => {
    let isCurrent = true
    const timer = setTimeout(async () => {
      const made = await callUrl(saved).then(
        (url) => ({ url, fault: null }),
        (error) => ({ url: null, fault: error instanceof Error ? error.message : String(error) }),
      )
      if (isCurrent) setLink(made)
    }, SETTLE_MS)
    return () => {
      isCurrent = false
      clearTimeout(timer)
    }
  }, [saved])
  return link
}
