/** A value that is no field: an item of a list, a value of a map, what an `Any` holds, or a message that is a well-known type. */
import { useId } from 'preact/hooks'
import type { ControlProps } from './control-props.ts'
import { FaultList, useFaults } from './fault-list.tsx'
import { ValueControl } from './value-control.tsx'

export function StandaloneValue(props: Pick<ControlProps, 'shape' | 'node' | 'path' | 'name' | 'onValue'>) {
  const id = useId()
  const { isInvalid, faultsId } = useFaults(props.path, id)
  return (
    <>
      <ValueControl
        {...props}
        field={undefined}
        id={id}
        describedBy={faultsId}
        isInvalid={isInvalid}
        keepsDefault={true}
      />
      <FaultList path={props.path} id={id} />
    </>
  )
}
