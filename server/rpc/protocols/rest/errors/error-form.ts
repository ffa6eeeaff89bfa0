/** The form of errors that a client asks for. */
import { acceptedItems } from '../../../exchange/accepted-items.ts'
import type { CallHead } from '../../../exchange/call-head.ts'
import type { ErrorForm } from '../rest-options.ts'

/** Returns `problem` for a client that lists its media type in Accept (RFC 9457 section 3), else the form of the options. */
export function errorFormFor(head: CallHead, form: ErrorForm): ErrorForm {
  const accept = head.list('accept')
  if (form === 'problem' || accept?.includes('problem+json') !== true) return form
  const isWanted = acceptedItems(accept).some(
    ({ value, weight }) => weight > 0 && value.toLowerCase() === 'application/problem+json',
  )
  return isWanted ? 'problem' : form
}
