import $protobuf from "protobufjs/minimal.js";

// Common aliases
const $Reader = $protobuf.Reader, $Writer = $protobuf.Writer, $util = $protobuf.util;
const $Object = $util.global.Object, $undefined = $util.global.undefined, $Error = $util.global.Error, $RangeError = $util.global.RangeError;

// Exported root namespace
const $root = $protobuf.roots["eventail_push"] || ($protobuf.roots["eventail_push"] = {});

export const push = $root.push = (() => {

    /**
     * Namespace push.
     * @exports push
     * @namespace
     */
    const push = {};

    push.PushRequest = (function() {

        /**
         * Properties of a PushRequest.
         * @typedef {Object} push.PushRequest.$Properties
         * @property {Array.<push.StreamAdapter.$Properties>|null} [streams] PushRequest streams
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a PushRequest.
         * @memberof push
         * @interface IPushRequest
         * @augments push.PushRequest.$Properties
         * @deprecated Use push.PushRequest.$Properties instead.
         */

        /**
         * Shape of a PushRequest.
         * @typedef {push.PushRequest.$Properties} push.PushRequest.$Shape
         */

        /**
         * Constructs a new PushRequest.
         * @memberof push
         * @classdesc Represents a PushRequest.
         * @constructor
         * @param {push.PushRequest.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const PushRequest = function (properties) {
            this.streams = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * PushRequest streams.
         * @member {Array.<push.StreamAdapter.$Properties>} streams
         * @memberof push.PushRequest
         * @instance
         */
        PushRequest.prototype.streams = $util.emptyArray;

        /**
         * Encodes the specified PushRequest message. Does not implicitly {@link push.PushRequest.verify|verify} messages.
         * @function encode
         * @memberof push.PushRequest
         * @static
         * @param {push.PushRequest.$Properties} message PushRequest message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        PushRequest.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.streams != null && message.streams.length)
                for (let i = 0; i < message.streams.length; ++i)
                    $root.push.StreamAdapter.encode(message.streams[i], writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a PushRequest message from the specified reader or buffer.
         * @function decode
         * @memberof push.PushRequest
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {push.PushRequest & push.PushRequest.$Shape} PushRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        PushRequest.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.push.PushRequest();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if (!(message.streams && message.streams.length))
                            message.streams = [];
                        message.streams.push($root.push.StreamAdapter.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return PushRequest;
    })();

    push.StreamAdapter = (function() {

        /**
         * Properties of a StreamAdapter.
         * @typedef {Object} push.StreamAdapter.$Properties
         * @property {string|null} [labels] StreamAdapter labels
         * @property {Array.<push.EntryAdapter.$Properties>|null} [entries] StreamAdapter entries
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a StreamAdapter.
         * @memberof push
         * @interface IStreamAdapter
         * @augments push.StreamAdapter.$Properties
         * @deprecated Use push.StreamAdapter.$Properties instead.
         */

        /**
         * Shape of a StreamAdapter.
         * @typedef {push.StreamAdapter.$Properties} push.StreamAdapter.$Shape
         */

        /**
         * Constructs a new StreamAdapter.
         * @memberof push
         * @classdesc Represents a StreamAdapter.
         * @constructor
         * @param {push.StreamAdapter.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const StreamAdapter = function (properties) {
            this.entries = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * StreamAdapter labels.
         * @member {string} labels
         * @memberof push.StreamAdapter
         * @instance
         */
        StreamAdapter.prototype.labels = "";

        /**
         * StreamAdapter entries.
         * @member {Array.<push.EntryAdapter.$Properties>} entries
         * @memberof push.StreamAdapter
         * @instance
         */
        StreamAdapter.prototype.entries = $util.emptyArray;

        /**
         * Encodes the specified StreamAdapter message. Does not implicitly {@link push.StreamAdapter.verify|verify} messages.
         * @function encode
         * @memberof push.StreamAdapter
         * @static
         * @param {push.StreamAdapter.$Properties} message StreamAdapter message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        StreamAdapter.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.labels != null && $Object.hasOwnProperty.call(message, "labels") && message.labels !== "")
                writer.uint32(/* id 1, wireType 2 =*/10).string(message.labels);
            if (message.entries != null && message.entries.length)
                for (let i = 0; i < message.entries.length; ++i)
                    $root.push.EntryAdapter.encode(message.entries[i], writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a StreamAdapter message from the specified reader or buffer.
         * @function decode
         * @memberof push.StreamAdapter
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {push.StreamAdapter & push.StreamAdapter.$Shape} StreamAdapter
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        StreamAdapter.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.push.StreamAdapter();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.labels = value;
                        else
                            delete message.labels;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if (!(message.entries && message.entries.length))
                            message.entries = [];
                        message.entries.push($root.push.EntryAdapter.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return StreamAdapter;
    })();

    push.EntryAdapter = (function() {

        /**
         * Properties of an EntryAdapter.
         * @typedef {Object} push.EntryAdapter.$Properties
         * @property {push.Timestamp.$Properties|null} [timestamp] EntryAdapter timestamp
         * @property {string|null} [line] EntryAdapter line
         * @property {Array.<push.LabelPairAdapter.$Properties>|null} [structuredMetadata] EntryAdapter structuredMetadata
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of an EntryAdapter.
         * @memberof push
         * @interface IEntryAdapter
         * @augments push.EntryAdapter.$Properties
         * @deprecated Use push.EntryAdapter.$Properties instead.
         */

        /**
         * Shape of an EntryAdapter.
         * @typedef {push.EntryAdapter.$Properties} push.EntryAdapter.$Shape
         */

        /**
         * Constructs a new EntryAdapter.
         * @memberof push
         * @classdesc Represents an EntryAdapter.
         * @constructor
         * @param {push.EntryAdapter.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const EntryAdapter = function (properties) {
            this.structuredMetadata = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * EntryAdapter timestamp.
         * @member {push.Timestamp.$Properties|null|undefined} timestamp
         * @memberof push.EntryAdapter
         * @instance
         */
        EntryAdapter.prototype.timestamp = null;

        /**
         * EntryAdapter line.
         * @member {string} line
         * @memberof push.EntryAdapter
         * @instance
         */
        EntryAdapter.prototype.line = "";

        /**
         * EntryAdapter structuredMetadata.
         * @member {Array.<push.LabelPairAdapter.$Properties>} structuredMetadata
         * @memberof push.EntryAdapter
         * @instance
         */
        EntryAdapter.prototype.structuredMetadata = $util.emptyArray;

        /**
         * Encodes the specified EntryAdapter message. Does not implicitly {@link push.EntryAdapter.verify|verify} messages.
         * @function encode
         * @memberof push.EntryAdapter
         * @static
         * @param {push.EntryAdapter.$Properties} message EntryAdapter message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        EntryAdapter.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.timestamp != null && $Object.hasOwnProperty.call(message, "timestamp"))
                $root.push.Timestamp.encode(message.timestamp, writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
            if (message.line != null && $Object.hasOwnProperty.call(message, "line") && message.line !== "")
                writer.uint32(/* id 2, wireType 2 =*/18).string(message.line);
            if (message.structuredMetadata != null && message.structuredMetadata.length)
                for (let i = 0; i < message.structuredMetadata.length; ++i)
                    $root.push.LabelPairAdapter.encode(message.structuredMetadata[i], writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes an EntryAdapter message from the specified reader or buffer.
         * @function decode
         * @memberof push.EntryAdapter
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {push.EntryAdapter & push.EntryAdapter.$Shape} EntryAdapter
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        EntryAdapter.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.push.EntryAdapter();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        message.timestamp = $root.push.Timestamp.decode(reader, reader.size(), $undefined, _depth + 1, message.timestamp);
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.line = value;
                        else
                            delete message.line;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if (!(message.structuredMetadata && message.structuredMetadata.length))
                            message.structuredMetadata = [];
                        message.structuredMetadata.push($root.push.LabelPairAdapter.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return EntryAdapter;
    })();

    push.LabelPairAdapter = (function() {

        /**
         * Properties of a LabelPairAdapter.
         * @typedef {Object} push.LabelPairAdapter.$Properties
         * @property {string|null} [name] LabelPairAdapter name
         * @property {string|null} [value] LabelPairAdapter value
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a LabelPairAdapter.
         * @memberof push
         * @interface ILabelPairAdapter
         * @augments push.LabelPairAdapter.$Properties
         * @deprecated Use push.LabelPairAdapter.$Properties instead.
         */

        /**
         * Shape of a LabelPairAdapter.
         * @typedef {push.LabelPairAdapter.$Properties} push.LabelPairAdapter.$Shape
         */

        /**
         * Constructs a new LabelPairAdapter.
         * @memberof push
         * @classdesc Represents a LabelPairAdapter.
         * @constructor
         * @param {push.LabelPairAdapter.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const LabelPairAdapter = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * LabelPairAdapter name.
         * @member {string} name
         * @memberof push.LabelPairAdapter
         * @instance
         */
        LabelPairAdapter.prototype.name = "";

        /**
         * LabelPairAdapter value.
         * @member {string} value
         * @memberof push.LabelPairAdapter
         * @instance
         */
        LabelPairAdapter.prototype.value = "";

        /**
         * Encodes the specified LabelPairAdapter message. Does not implicitly {@link push.LabelPairAdapter.verify|verify} messages.
         * @function encode
         * @memberof push.LabelPairAdapter
         * @static
         * @param {push.LabelPairAdapter.$Properties} message LabelPairAdapter message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        LabelPairAdapter.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
                writer.uint32(/* id 1, wireType 2 =*/10).string(message.name);
            if (message.value != null && $Object.hasOwnProperty.call(message, "value") && message.value !== "")
                writer.uint32(/* id 2, wireType 2 =*/18).string(message.value);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a LabelPairAdapter message from the specified reader or buffer.
         * @function decode
         * @memberof push.LabelPairAdapter
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {push.LabelPairAdapter & push.LabelPairAdapter.$Shape} LabelPairAdapter
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        LabelPairAdapter.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.push.LabelPairAdapter();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.name = value;
                        else
                            delete message.name;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.value = value;
                        else
                            delete message.value;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return LabelPairAdapter;
    })();

    push.Timestamp = (function() {

        /**
         * Properties of a Timestamp.
         * @typedef {Object} push.Timestamp.$Properties
         * @property {number|null} [seconds] Timestamp seconds
         * @property {number|null} [nanos] Timestamp nanos
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a Timestamp.
         * @memberof push
         * @interface ITimestamp
         * @augments push.Timestamp.$Properties
         * @deprecated Use push.Timestamp.$Properties instead.
         */

        /**
         * Shape of a Timestamp.
         * @typedef {push.Timestamp.$Properties} push.Timestamp.$Shape
         */

        /**
         * Constructs a new Timestamp.
         * @memberof push
         * @classdesc Represents a Timestamp.
         * @constructor
         * @param {push.Timestamp.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Timestamp = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Timestamp seconds.
         * @member {number} seconds
         * @memberof push.Timestamp
         * @instance
         */
        Timestamp.prototype.seconds = $util.Long ? $util.Long.fromBits(0,0,false) : 0;

        /**
         * Timestamp nanos.
         * @member {number} nanos
         * @memberof push.Timestamp
         * @instance
         */
        Timestamp.prototype.nanos = 0;

        /**
         * Encodes the specified Timestamp message. Does not implicitly {@link push.Timestamp.verify|verify} messages.
         * @function encode
         * @memberof push.Timestamp
         * @static
         * @param {push.Timestamp.$Properties} message Timestamp message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Timestamp.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.seconds != null && $Object.hasOwnProperty.call(message, "seconds") && (typeof message.seconds === "object" ? message.seconds.low || message.seconds.high : message.seconds !== 0))
                writer.uint32(/* id 1, wireType 0 =*/8).int64(message.seconds);
            if (message.nanos != null && $Object.hasOwnProperty.call(message, "nanos") && message.nanos !== 0)
                writer.uint32(/* id 2, wireType 0 =*/16).int32(message.nanos);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a Timestamp message from the specified reader or buffer.
         * @function decode
         * @memberof push.Timestamp
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {push.Timestamp & push.Timestamp.$Shape} Timestamp
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Timestamp.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.push.Timestamp();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.int64()) === "object" ? value.low || value.high : value !== 0)
                            message.seconds = value;
                        else
                            delete message.seconds;
                        continue;
                    }
                case 2: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.int32())
                            message.nanos = value;
                        else
                            delete message.nanos;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Timestamp;
    })();

    return push;
})();

export {
  $root as default
};
