import * as $protobuf from "protobufjs/minimal.js";
import Long = require("long");

/** Namespace push. */
export namespace push {

    /**
     * Properties of a PushRequest.
     * @deprecated Use push.PushRequest.$Properties instead.
     */
    interface IPushRequest extends push.PushRequest.$Properties {
    }

    /** Represents a PushRequest. */
    class PushRequest {

        /**
         * Constructs a new PushRequest.
         * @param [properties] Properties to set
         */
        constructor(properties?: push.PushRequest.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** PushRequest streams. */
        streams: push.StreamAdapter.$Properties[];

        /**
         * Encodes the specified PushRequest message. Does not implicitly {@link push.PushRequest.verify|verify} messages.
         * @param message PushRequest message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: push.PushRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a PushRequest message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {push.PushRequest & push.PushRequest.$Shape} PushRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): push.PushRequest & push.PushRequest.$Shape;
    }

    namespace PushRequest {

        /** Properties of a PushRequest. */
        interface $Properties {

            /** PushRequest streams */
            streams?: (push.StreamAdapter.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a PushRequest. */
        type $Shape = push.PushRequest.$Properties;
    }

    /**
     * Properties of a StreamAdapter.
     * @deprecated Use push.StreamAdapter.$Properties instead.
     */
    interface IStreamAdapter extends push.StreamAdapter.$Properties {
    }

    /** Represents a StreamAdapter. */
    class StreamAdapter {

        /**
         * Constructs a new StreamAdapter.
         * @param [properties] Properties to set
         */
        constructor(properties?: push.StreamAdapter.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** StreamAdapter labels. */
        labels: string;

        /** StreamAdapter entries. */
        entries: push.EntryAdapter.$Properties[];

        /**
         * Encodes the specified StreamAdapter message. Does not implicitly {@link push.StreamAdapter.verify|verify} messages.
         * @param message StreamAdapter message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: push.StreamAdapter.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a StreamAdapter message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {push.StreamAdapter & push.StreamAdapter.$Shape} StreamAdapter
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): push.StreamAdapter & push.StreamAdapter.$Shape;
    }

    namespace StreamAdapter {

        /** Properties of a StreamAdapter. */
        interface $Properties {

            /** StreamAdapter labels */
            labels?: (string|null);

            /** StreamAdapter entries */
            entries?: (push.EntryAdapter.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a StreamAdapter. */
        type $Shape = push.StreamAdapter.$Properties;
    }

    /**
     * Properties of an EntryAdapter.
     * @deprecated Use push.EntryAdapter.$Properties instead.
     */
    interface IEntryAdapter extends push.EntryAdapter.$Properties {
    }

    /** Represents an EntryAdapter. */
    class EntryAdapter {

        /**
         * Constructs a new EntryAdapter.
         * @param [properties] Properties to set
         */
        constructor(properties?: push.EntryAdapter.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** EntryAdapter timestamp. */
        timestamp?: (push.Timestamp.$Properties|null);

        /** EntryAdapter line. */
        line: string;

        /** EntryAdapter structuredMetadata. */
        structuredMetadata: push.LabelPairAdapter.$Properties[];

        /**
         * Encodes the specified EntryAdapter message. Does not implicitly {@link push.EntryAdapter.verify|verify} messages.
         * @param message EntryAdapter message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: push.EntryAdapter.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an EntryAdapter message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {push.EntryAdapter & push.EntryAdapter.$Shape} EntryAdapter
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): push.EntryAdapter & push.EntryAdapter.$Shape;
    }

    namespace EntryAdapter {

        /** Properties of an EntryAdapter. */
        interface $Properties {

            /** EntryAdapter timestamp */
            timestamp?: (push.Timestamp.$Properties|null);

            /** EntryAdapter line */
            line?: (string|null);

            /** EntryAdapter structuredMetadata */
            structuredMetadata?: (push.LabelPairAdapter.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an EntryAdapter. */
        type $Shape = push.EntryAdapter.$Properties;
    }

    /**
     * Properties of a LabelPairAdapter.
     * @deprecated Use push.LabelPairAdapter.$Properties instead.
     */
    interface ILabelPairAdapter extends push.LabelPairAdapter.$Properties {
    }

    /** Represents a LabelPairAdapter. */
    class LabelPairAdapter {

        /**
         * Constructs a new LabelPairAdapter.
         * @param [properties] Properties to set
         */
        constructor(properties?: push.LabelPairAdapter.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** LabelPairAdapter name. */
        name: string;

        /** LabelPairAdapter value. */
        value: string;

        /**
         * Encodes the specified LabelPairAdapter message. Does not implicitly {@link push.LabelPairAdapter.verify|verify} messages.
         * @param message LabelPairAdapter message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: push.LabelPairAdapter.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a LabelPairAdapter message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {push.LabelPairAdapter & push.LabelPairAdapter.$Shape} LabelPairAdapter
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): push.LabelPairAdapter & push.LabelPairAdapter.$Shape;
    }

    namespace LabelPairAdapter {

        /** Properties of a LabelPairAdapter. */
        interface $Properties {

            /** LabelPairAdapter name */
            name?: (string|null);

            /** LabelPairAdapter value */
            value?: (string|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a LabelPairAdapter. */
        type $Shape = push.LabelPairAdapter.$Properties;
    }

    /**
     * Properties of a Timestamp.
     * @deprecated Use push.Timestamp.$Properties instead.
     */
    interface ITimestamp extends push.Timestamp.$Properties {
    }

    /** Represents a Timestamp. */
    class Timestamp {

        /**
         * Constructs a new Timestamp.
         * @param [properties] Properties to set
         */
        constructor(properties?: push.Timestamp.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Timestamp seconds. */
        seconds: number;

        /** Timestamp nanos. */
        nanos: number;

        /**
         * Encodes the specified Timestamp message. Does not implicitly {@link push.Timestamp.verify|verify} messages.
         * @param message Timestamp message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: push.Timestamp.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Timestamp message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {push.Timestamp & push.Timestamp.$Shape} Timestamp
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): push.Timestamp & push.Timestamp.$Shape;
    }

    namespace Timestamp {

        /** Properties of a Timestamp. */
        interface $Properties {

            /** Timestamp seconds */
            seconds?: (number|null);

            /** Timestamp nanos */
            nanos?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Timestamp. */
        type $Shape = push.Timestamp.$Properties;
    }
}
