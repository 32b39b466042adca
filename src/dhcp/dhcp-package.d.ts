/** The two files of the npm package `dhcp` 0.2.20 that codec.ts uses; the package brings no types. */

declare module 'dhcp/lib/protocol.js' {
  const protocol: {
    format(message: {
      readonly op: number
      readonly htype: number
      readonly hlen: number
      readonly hops: number
      readonly xid: number
      readonly secs: number
      readonly flags: number
      readonly ciaddr: string
      readonly yiaddr: string
      readonly siaddr: string
      readonly giaddr: string
      readonly chaddr: string
      readonly sname: string
      readonly file: string
      readonly options: Readonly<Record<number, unknown>>
    }): { readonly _data: Buffer; readonly _w: number }
  }
  export default protocol
}

declare module 'dhcp/lib/options.js' {
  const options: {
    readonly opts: Readonly<Record<number, { readonly name: string; readonly type?: string }>>
    addOption(code: number, option: { readonly name: string; readonly type: string }): void
  }
  export default options
}
