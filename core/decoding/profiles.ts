/**
 * How well-known senders shape their JSON: where each says what sent it, when, and what was measured. A path is written with
 * slashes. Everything else is the same for all and in `numeric-leaves.ts`. To teach the project another sender, add a row.
 */

export interface Profile {
  readonly name: string;
  /** Where the shape is described. */
  readonly source: string;
  /** The topic that devices publish to; its groups are the id of the device. */
  readonly topic?: RegExp;
  /** An object that has all of these is of this sender. None where only the topic tells. */
  readonly has: readonly string[];
  /** The id of the device: the first that is there. Without one the topic says it. */
  readonly id: readonly string[];
  /** Tags, which belong to the id: the same name with other tags is another sensor. */
  readonly tags?: string;
  /** The time of the measurement: the first that is there. */
  readonly time: readonly string[];
  /** What was measured; all numbers below, or the number itself. The whole object where the path is empty. */
  readonly values: readonly string[];
  /** Numbers below `values` that are no measurements. A star stands for one name. */
  readonly except?: readonly string[];
  readonly unit?: string;
}

export const profiles: readonly Profile[] = [
  {
    name: 'The Things Stack v3',
    source: 'https://www.thethingsindustries.com/docs/integrations/data-formats/#uplink-messages',
    topic: /^v3\/[^/]+\/devices\/([^/]+)\/up$/,
    has: ['end_device_ids/device_id', 'uplink_message'],
    id: ['end_device_ids/device_id'],
    time: ['uplink_message/received_at', 'received_at'],
    values: ['uplink_message/decoded_payload'],
  },
  {
    name: 'ChirpStack v4',
    source: 'https://www.chirpstack.io/docs/chirpstack/integrations/events.html#up---uplink-event',
    topic: /^application\/[^/]+\/device\/([^/]+)\/event\/up$/,
    has: ['deviceInfo/devEui'],
    id: ['deviceInfo/devEui'],
    time: ['time'],
    values: ['object'],
  },
  {
    name: 'ChirpStack v3',
    source: 'https://www.chirpstack.io/application-server/integrations/events/#up---uplink-event',
    has: ['devEUI', 'applicationID'],
    id: ['devEUI'],
    time: ['publishedAt', 'rxInfo/0/time'],
    values: ['object'],
  },
  {
    name: 'Shelly (Gen2 and later), notifications',
    source: 'https://shelly-api-docs.shelly.cloud/gen2/General/Notifications',
    topic: /^(shelly[^/]+)\/events\/rpc$/,
    has: ['src', 'method', 'params'],
    id: ['src'],
    time: ['params/ts'],
    values: ['params'],
    except: ['ts', '*/id', '*/aenergy/minute_ts', '*/aenergy/by_minute/*', '*/ret_aenergy/*'],
  },
  {
    name: 'Shelly (Gen2 and later), status of a component',
    source: 'https://shelly-api-docs.shelly.cloud/gen2/ComponentsAndServices/Mqtt',
    topic: /^(shelly[^/]+)\/status\/([^/]+)$/,
    has: [],
    id: [],
    time: [],
    values: [''],
    except: ['id', 'aenergy/minute_ts', 'aenergy/by_minute/*'],
  },
  {
    name: 'Shelly (Gen1)',
    source: 'https://shelly-api-docs.shelly.cloud/gen1/#shelly-ht-mqtt',
    topic: /^shellies\/([^/]+)\/(?:sensor\/)?(.+)$/,
    has: [],
    id: [],
    time: [],
    values: [''],
  },
  {
    name: 'Tasmota',
    source: 'https://tasmota.github.io/docs/MQTT/#examples',
    topic: /^(?:tele|stat)\/(.+)\/(?:SENSOR|STATE|STATUS\d*|RESULT)$/,
    has: ['Time', 'TempUnit'],
    id: [],
    time: ['Time'],
    values: [''],
    except: ['UptimeSec', 'Heap', 'SleepMode', 'Sleep', 'MqttCount', 'LoadAvg'],
  },
  {
    name: 'Zigbee2MQTT',
    source: 'https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html#zigbee2mqtt-friendly-name',
    topic: /^zigbee2mqtt\/([^/]+(?:\/(?!get$|set$)[^/]+)*)$/,
    has: ['linkquality'],
    id: ['device/friendlyName', 'device/friendly_name', 'device/ieeeAddr', 'device/ieee_address'],
    time: ['last_seen'],
    values: [''],
    except: ['device/*', 'update/*', 'update_available'],
  },
  {
    name: 'Home Assistant, state of an entity',
    source: 'https://developers.home-assistant.io/docs/api/rest/',
    has: ['entity_id', 'state'],
    id: ['entity_id'],
    time: ['last_updated', 'last_changed'],
    values: ['state'],
    unit: 'attributes/unit_of_measurement',
  },
  {
    name: 'OGC SensorThings, observation',
    source: 'https://docs.ogc.org/is/18-088/18-088.html#observation',
    has: ['result', 'Datastream'],
    id: ['Datastream/name', 'Datastream/@iot.id'],
    time: ['phenomenonTime', 'resultTime'],
    values: ['result'],
    unit: 'Datastream/unitOfMeasurement/symbol',
  },
  {
    name: 'Telegraf, JSON',
    source: 'https://docs.influxdata.com/telegraf/v1/data_formats/output/json/',
    has: ['fields', 'name', 'timestamp'],
    id: ['name'],
    tags: 'tags',
    time: ['timestamp'],
    values: ['fields'],
  },
  {
    name: 'CloudEvents',
    source: 'https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md',
    has: ['specversion', 'source', 'data'],
    id: ['subject', 'source'],
    time: ['time'],
    values: ['data'],
  },
];
