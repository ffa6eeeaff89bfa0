/** Shows a saved call in the call view, where the user can send it. Nothing is sent by itself. */
import type { SavedCall } from '../contracts/saved-call.ts'
import { goTo } from '../route/route.ts'
import { encodeCall } from './call-link.ts'

/** Goes to the view of the method, filled in with the call. */
export async function openCall(saved: SavedCall): Promise<void> {
  goTo('method', saved.method, `call=${await encodeCall(saved)}`)
}
