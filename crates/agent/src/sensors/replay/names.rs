//! What a trace's file name says about the outlet.

/// What hangs on an outlet, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appliance {
    pub name: String,
    /// The kind, for the picture.
    pub icon: &'static str,
    pub room: &'static str,
}

/// Beginning of the name in the file, name for people, icon, room. The first that fits counts.
const KNOWN: [(&str, &str, &str, &str); 32] = [
    ("refrigerator", "Refrigerator", "fridge", "Kitchen"),
    ("freezer", "Freezer", "fridge", "Kitchen"),
    ("dishwasher", "Dishwasher", "dishwasher", "Kitchen"),
    ("washingmachine", "Washing machine", "washer", "Laundry"),
    ("laundrydryer", "Laundry dryer", "dryer", "Laundry"),
    ("waterkettle", "Water kettle", "kettle", "Kitchen"),
    ("coffeemaker", "Coffee maker", "coffee", "Kitchen"),
    ("microwaveoven", "Microwave oven", "microwave", "Kitchen"),
    ("microwave", "Microwave", "microwave", "Kitchen"),
    ("toaster", "Toaster", "toaster", "Kitchen"),
    ("breadcutter", "Bread cutter", "plug", "Kitchen"),
    ("tvlcd", "TV (LCD)", "tv", "Living room"),
    ("tvcrt", "TV (CRT)", "tv", "Living room"),
    ("tv", "TV", "tv", "Living room"),
    ("monitortft", "Monitor (TFT)", "monitor", "Study"),
    ("monitorcrt", "Monitor (CRT)", "monitor", "Study"),
    ("monitor", "Monitor", "monitor", "Study"),
    ("pcdesktop", "PC (desktop)", "pc", "Study"),
    ("pclaptop", "PC (laptop)", "laptop", "Study"),
    ("laptop", "Laptop", "laptop", "Study"),
    ("multimediacenter", "Multimedia center", "pc", "Living room"),
    ("amplifier", "Amplifier", "audio", "Living room"),
    ("subwoofer", "Subwoofer", "audio", "Living room"),
    ("lamp", "Lamp", "lamp", "Living room"),
    ("router", "Router", "router", "Hall"),
    ("ethernetswitch", "Ethernet switch", "router", "Hall"),
    ("playstation3", "PlayStation 3", "console", "Living room"),
    ("videoprojector", "Video projector", "projector", "Living room"),
    ("projector", "Projector", "projector", "Living room"),
    ("usbharddrive", "USB hard drive", "usb", "Study"),
    ("usbhub", "USB hub", "usb", "Study"),
    ("charger", "Charger", "plug", "Living room"),
];

/// What the stem of a trace's file name (`Refrigerator_599393`) says.
pub fn describe(file_stem: &str) -> Appliance {
    let appliance = file_stem.rsplit_once('_').map_or(file_stem, |(appliance, _plug)| appliance);
    let key: String =
        appliance.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    KNOWN.iter().find(|(prefix, ..)| key.starts_with(prefix)).map_or_else(
        || Appliance { name: spaced(appliance), icon: "plug", room: "Elsewhere" },
        |&(_, name, icon, room)| Appliance { name: name.to_owned(), icon, room },
    )
}

/// `SolarInverter` and `solar-inverter` become `Solar inverter`.
fn spaced(text: &str) -> String {
    let mut name = String::new();
    let mut after_lower = false;
    for c in text.chars() {
        if c.is_alphanumeric() {
            if c.is_uppercase() && after_lower {
                name.push(' ');
                name.extend(c.to_lowercase());
            } else if name.is_empty() {
                name.extend(c.to_uppercase());
            } else {
                name.push(c);
            }
            after_lower = c.is_lowercase();
        } else if !name.is_empty() && !name.ends_with(' ') {
            name.push(' ');
            after_lower = false;
        }
    }
    let name = name.trim_end();
    if name.is_empty() { "Outlet".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_for_people() {
        for (stem, name, icon, room) in [
            ("Refrigerator_599393", "Refrigerator", "fridge", "Kitchen"),
            ("TV-LCD_D33097", "TV (LCD)", "tv", "Living room"),
            ("WaterKettle_B80E47", "Water kettle", "kettle", "Kitchen"),
            ("PC-Laptop_B1B603", "PC (laptop)", "laptop", "Study"),
            ("SolarInverter_1", "Solar inverter", "plug", "Elsewhere"),
            ("fish-tank_1", "Fish tank", "plug", "Elsewhere"),
            ("_", "Outlet", "plug", "Elsewhere"),
        ] {
            assert_eq!(describe(stem), Appliance { name: name.to_owned(), icon, room }, "{stem}");
        }
    }
}
