# SPDX-License-Identifier: Apache-2.0
"""Small print of rendered plates: place names, slogans, dealer frames, stickers."""

from __future__ import annotations


def split(text: str) -> tuple[str, ...]:
    """Return the phrases of a text separated by bars."""
    return tuple(" ".join(part.split()) for part in text.split("|"))


by_kind: dict[str, tuple[str, ...]] = {
    "state": split("""Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|
        Florida|Georgia|Hawaii|Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|
        Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri|Montana|Nebraska|Nevada|
        New Hampshire|New Jersey|New Mexico|New York|North Carolina|North Dakota|Ohio|Oklahoma|
        Oregon|Pennsylvania|Rhode Island|South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|
        Virginia|Washington|West Virginia|Wisconsin|Wyoming|Washington, D.C.|Ontario|
        British Columbia|Alberta|Manitoba|Saskatchewan|Nova Scotia|Puerto Rico|Guam|
        MyFlorida.com|www.visitPA.com|www.nd.gov"""),
    "slogan": split("""Sunshine State|Garden State|The Lone Star State|First in Flight|
        Great Lakes Splendor|10,000 lakes|America's Dairyland|Famous Potatoes|Sportsman's Paradise|
        Land of Enchantment|Live Free or Die|The Spirit of America|Treasure the Chesapeake|
        Constitution State|Evergreen State|Land of Lincoln|Empire State|The Silver State|
        Green Mountain State|Grand Canyon State|Aloha State|Peach State|Heart of Dixie|
        The First State|Ocean State|Wild, Wonderful|Vacationland|Peace Garden State|
        Greatest Snow on Earth|Life Elevated|Native America|Sweet Home|The Natural State|
        Taxation without representation|Yours to Discover|Beautiful|Friendly Manitoba|
        Je me souviens|In God We Trust|Disabled Veteran|Clean Fuel|Support Education|
        University|Conserve Wildlife|Salutes Veterans|Fire Fighter|Centennial|400th Anniversary|
        Explore|Birthplace of Aviation|Bicentennial|Great Faces. Great Places.|Discover"""),
    "county": split("""Hancock|Johnson|Clayton|Boone|Linn|Polk|Wayne|Marion|Jefferson|Madison|Lake|
        Gwinnett|Fulton|Shelby|Knox|Davidson|Orange|Duval|Passenger|Dealer|Truck|Trailer|Historic"""),
    "sticker": split("""JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC|01|02|03|04|05|06|07|08|09|
        10|11|12|98|99|2003|2008|2012|2016|1-05|9-08|14|15|16|17|77|84|A123456|M|T|12 05|31|67"""),
    "frame": split("""Autohaus Schneider|City Honda|www.martin-auto.nl|Tel. 02 41 93 08 85|Toyota of
        Plano|Valley Ford|Premier Chevrolet|AutoNation|Alumni|Universe|My other car|Garage du Lac|
        Auto Center 555-0134|Mazda of Elk Grove|Automobiles Dubois|Van den Berg B.V.|Kia Motors|
        Nissan|DACIA Service|Autosalon Praha|Concessionario|Talleres Garcia|Evans Halshaw|
        Arnold Clark|sytner.co.uk|I'd rather be sailing|Grandma's taxi|Harley Owners Group|
        Drive safely"""),
    "city": split("""SP-SAO PAULO|PR-CURITIBA|RS-PELOTAS|RJ-RIO DE JANEIRO|MG-BELO HORIZONTE|
        PE-RECIFE|BA-SALVADOR|SC-JOINVILLE|PR-LONDRINA|RS-PORTO ALEGRE|ES-VITORIA|GO-GOIANIA|
        DF-BRASILIA|CE-FORTALEZA|BRASIL|ARGENTINA|REPUBLICA ARGENTINA|MERCOSUL|MERCOSUR|
        URUGUAY|PARAGUAY|MEXICO|
        JALISCO|DISTRITO FEDERAL|NUEVO LEON|VICTORIA - THE PLACE TO BE|QUEENSLAND - SUNSHINE STATE|
        NEW SOUTH WALES|WESTERN AUSTRALIA|SOUTH AUSTRALIA|TASMANIA|NEW ZEALAND|BOGOTA D.C.|CHILE|
        PERU|ECUADOR|COLOMBIA|PILIPINAS|GAUTENG|INDIA|ISRAEL|JAPAN|DUBAI|QATAR|KENYA"""),
    "country": split(
        "D|F|NL|B|GB|E|I|PL|A|CZ|SK|H|RO|BG|S|FIN|DK|N|P|L|IRL|SLO|HR|EST|LV|LT|GR|M|UA|MD"
    ),
}
